/** What all connections that are slow to read have not taken yet. */
export class UnsentBytes {
  total = 0
}
