import { type AclList, openAcl } from './acl-table.ts'
import { NodeImage, SavedField } from './node-image.ts'
import { configPath, quotaPath, rootPath, zookeeperPath } from './paths.ts'
import type { Tree } from './tree.ts'

/** The tree of an ensemble that has never seen a write. */
export function plantInitialTree(tree: Tree, configAcl: AclList): void {
  for (const path of [rootPath, zookeeperPath, quotaPath, configPath]) {
    const image = new NodeImage()
    image.setPath(path)
    image.acl = path === configPath ? configAcl : openAcl
    // As ZooKeeper's own set-up leaves it.
    if (path === configPath) image.setInt(SavedField.aversion, -1)
    tree.insert(image)
  }
  tree.settle()
}
