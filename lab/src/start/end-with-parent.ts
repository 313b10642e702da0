// Preloaded into every child of `npm start` (`node --import`): when the parent is gone, however it died, the IPC channel
// closes, and the child takes the run's temporary folder and itself away. A handler in the parent would not run at kill -9.
import { rmSync } from 'node:fs'
import { temporaryFolderVariable } from './child.js'

process.once('disconnect', () => {
  const folder = process.env[temporaryFolderVariable]
  try {
    // Brothers write until they have noticed, too: hence the retries.
    if (folder) rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  } finally {
    process.kill(process.pid, 'SIGKILL')
  }
})
// The listener must not keep a process alive that has nothing left to do.
process.channel?.unref()
