declare const kind: unique symbol

/**
 * A node: the number of its record. What it holds is asked of the tree, and is as of now. It is not to be kept beyond the
 * node's end: after the next creation or removal, the number may be another node's.
 */
export type Znode = number & { readonly [kind]: 'Znode' }
