/** So long that no session of a program expires by itself, and with both bounds within reach. */
export const sessionTimeouts = ['minSessionTimeout=20000', 'maxSessionTimeout=60000'] as const
