import { expect, test } from 'vitest'
import { Harness, testConfig } from './client-side-harness.ts'
import { say } from './four-letter-words/say.ts'
import { dataOf } from './raw-client.ts'

test('membership: /zookeeper/config and conf of an ensemble -> the same text', async () => {
  const harness = await Harness.serving()
  const client = harness.client()
  const [reply] = client.ask(client.get('/zookeeper/config'))
  expect(dataOf(reply)).toBe(testConfig.membership)
  expect((await say(harness, 'conf')).endsWith(`\nmembership: \n${testConfig.membership}`)).toBe(true)
})

test('membership: a standalone server -> an empty node, and none in conf', async () => {
  const harness = await Harness.serving({ standalone: true, membership: '' })
  const client = harness.client()
  const [reply] = client.ask(client.get('/zookeeper/config'))
  expect(dataOf(reply)).toBe('')
  expect(await say(harness, 'conf')).toMatch(/\nserverId=1\n$/)
})
