import { expect, test } from 'vitest'
import { openAcl } from '../../src/tree/acl-table.ts'
import { Overlay } from '../../src/tree/overlay.ts'
import { Harness } from './harness.ts'

test('overlay: a session makes and deletes ephemeral nodes without a pause -> what is applied is not kept', () => {
  const { state } = new Harness()
  const session = 5
  const overlay = new Overlay(state.tree, state.sessions, state.origins)
  overlay.createSession(session, 0)
  let zxid = session
  let sizeMax = 0
  for (let i = 0; i < 1000; i++) {
    overlay.create(`/e${i}`, 0, openAcl, session, ++zxid)
    // The one before goes, so that something is in flight at any time.
    const [before, parent] = [overlay.find(`/e${i - 1}`), overlay.find('/')]
    if (before !== undefined && parent !== undefined) overlay.remove(before, parent, ++zxid)
    overlay.dropThrough(zxid - 2)
    sizeMax = Math.max(sizeMax, overlay.size)
  }
  expect(sizeMax).toBeLessThan(20)
  expect(overlay.ephemeralsOf(session)).toEqual(['/e999'])
})
