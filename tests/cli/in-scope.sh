#!/bin/sh
# in-scope.sh USER COMMAND [ARG...]: runs COMMAND in a new cgroup (version 2) that belongs to USER, as systemd-run --scope
# -p Delegate=yes does. The group is left behind for the caller to remove.
set -eu
user=$1
shift
group=/sys/fs/cgroup/test-scope.$$
mkdir "$group"
chown "$user:" "$group" "$group/cgroup.procs" "$group/cgroup.subtree_control" "$group/cgroup.threads"
echo $$ >"$group/cgroup.procs"
exec "$@"
