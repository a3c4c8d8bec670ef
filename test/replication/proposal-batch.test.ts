import { expect, test } from 'vitest'
import { ProposalBatch } from '../../src/replication/proposal-batch.ts'
import { inspectRecords, recordBytes, recordCommit, recordHeaderBytes } from '../../src/storage/record.ts'
import { counterMax, zxidOf } from '../../src/tree/zxid.ts'

const propose = (batch: ProposalBatch, txn: Buffer): void => batch.propose(txn, 0, txn.length)

test('proposal batch: transactions -> sound records that follow each other from counter 1 of the epoch', () => {
  const batch = new ProposalBatch(3, zxidOf(2, 17))
  batch.begin(zxidOf(2, 16))
  expect(batch.nextZxid).toBe(zxidOf(3, 1))
  const texts = ['a', '', 'x'.repeat(200_000), 'b']
  for (const text of texts) propose(batch, Buffer.from(text))
  expect([batch.count, batch.lastZxid, batch.nextZxid]).toEqual([4, zxidOf(3, 4), zxidOf(3, 5)])
  const records = batch.take()
  expect(inspectRecords(records, zxidOf(2, 17), { checksums: true })).toMatchObject({
    count: 4,
    last: zxidOf(3, 4),
    problem: null,
  })
  let at = 0
  for (const text of texts) {
    expect(recordCommit(records, at)).toBe(zxidOf(2, 16))
    expect(records.toString('utf8', at + recordHeaderBytes, at + recordBytes(records, at))).toBe(text)
    at += recordBytes(records, at)
  }
})

test('proposal batch: the next one -> goes on behind the last, and leaves the bytes that were taken alone', () => {
  const batch = new ProposalBatch(1, 0)
  batch.begin(0)
  propose(batch, Buffer.from('first'))
  const first = batch.take()
  const copy = Buffer.from(first)
  batch.begin(zxidOf(1, 1))
  propose(batch, Buffer.from('other'))
  const second = batch.take()
  expect(first.equals(copy)).toBe(true)
  expect(inspectRecords(second, zxidOf(1, 1), { checksums: true })).toMatchObject({ count: 1, problem: null })
  expect([batch.bytes, batch.count]).toEqual([0, 0])
})

test('proposal batch: a proposed buffer changed afterwards -> the record keeps what it was', () => {
  const batch = new ProposalBatch(1, 0)
  batch.begin(0)
  const txn = Buffer.from('abc')
  propose(batch, txn)
  txn.fill(0)
  expect(batch.take().toString('utf8', recordHeaderBytes)).toBe('abc')
})

test('proposal batch: a counter at its end -> refuses rather than run over', () => {
  const batch = new ProposalBatch(1, zxidOf(1, counterMax))
  batch.begin(0)
  expect(() => propose(batch, Buffer.from('x'))).toThrow('overflown')
})
