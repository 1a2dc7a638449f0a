#!/bin/sh
# in-scope.sh USER COMMAND [ARG...]: runs COMMAND in a new cgroup that belongs to USER, as systemd-run --scope -p
# Delegate=yes does: on version 1, in one of each hierarchy that indyno uses or shows. The groups are left for the caller to remove.
set -eu
user=$1
shift

# The folder of this process's own group in the hierarchy of controller $1, or in version 2's.
own_group() {
    if [ -n "$1" ]; then
        path=$(sed -n "s/^[0-9]*:\(.*,\)*$1\(,.*\)*:\(.*\)/\3/p" /proc/self/cgroup)
        folder=/sys/fs/cgroup/$1
    else
        path='' folder=/sys/fs/cgroup
    fi
    [ ! -d "$folder$path" ] || folder=$folder$path
    echo "${folder%/}"
}

enter_scope() { # CONTROLLER
    group=$(own_group "$1")/test-scope.$$
    mkdir "$group"
    [ "$1" != cpuset ] || for file in cpuset.cpus cpuset.mems; do # which are empty at first, and let nobody in
        cat "${group%/*}/$file" >"$group/$file"
    done
    chown "$user:" "$group" "$group/cgroup.procs"
    for file in tasks cgroup.subtree_control cgroup.threads; do
        [ ! -e "$group/$file" ] || chown "$user:" "$group/$file"
    done
    echo $$ >"$group/cgroup.procs"
}

if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    enter_scope ''
else
    for controller in memory pids cpu cpuacct cpuset; do enter_scope "$controller"; done
fi
exec "$@"
