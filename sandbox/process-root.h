/*
 * A process' own root: a tree that brings its own libc is "/" for this process and its children.
 *
 * Theory of operation. The process makes its root itself, after it was cloned and before it becomes its user:
 * init keeps CAP_SYS_ADMIN in the dyno's user namespace to the end, for each process' cgroup namespace, and
 * what is cloned has it for as long as it is init's own code. So nothing is kept ready in init: no mount
 * namespaces, no helper process, no cost where no process has a root.
 *
 *   unshare(CLONE_NEWNS)   a copy of the dyno's mounts in the same user namespace: nothing in it is locked,
 *                          and nothing propagates (root_enter made all private)
 *   sources                each shared path is cloned, with what is mounted beneath, before any change
 *   the tree               a clone of it is mounted over its own path: pivot_root(2) wants a mount
 *   points                 each shared path is opened in the bare tree, before anything is attached to it:
 *                          what the dyno's users write in a shared folder then decides nothing
 *   attach, pivot          the dyno's root is detached; what is still open of it, execve(2) closes
 *
 * The tree is somebody's. Its paths are resolved inside it (RESOLVE_IN_ROOT, no magic links): a link in it is
 * followed as the process itself will follow it. Clones keep the flags of what they are of; the tree's own
 * are set again, so that one in a writable mount is read-only here. Shared folders are as writable as before.
 *
 * Pid, net, ipc, uts and user namespace are the dyno's. Processes of other users can look through
 * /proc/PID/root no more than into any process: ptrace(2)'s rules hold, and init is not dumpable.
 */
#ifndef INDYNO_PROCESS_ROOT_H
#define INDYNO_PROCESS_ROOT_H

#include "base/error.h"
#include "sandbox.h"

/* In the process, with init's capabilities: enters root for good. It borrows init's memory, so all that is
 * allocated is freed, but for err's message. */
int process_root_enter(const struct sandbox_root *root, struct error *err);

#endif
