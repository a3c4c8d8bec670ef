/** The two times a server knows. They are never mixed: one is for people, the other for waiting. */
export interface Clock {
  /** Wall time in milliseconds since 1970. It may jump either way; nothing but ctime, mtime, times to live and logs may use it. */
  wallMs(): number
  /** Milliseconds since some fixed moment. It never goes back; all timeouts are measured with it. */
  monotonicMs(): number
}
