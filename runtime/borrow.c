#include "borrow.h"

#include <grp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"

static int save_groups(struct borrowed *borrowed)
{
    borrowed->group_count = getgroups(0, NULL);
    if (borrowed->group_count < 0)
        return -1;
    borrowed->groups = allocate((size_t)borrowed->group_count, sizeof *borrowed->groups);
    borrowed->group_count = getgroups(borrowed->group_count, borrowed->groups);
    return borrowed->group_count < 0 ? -1 : 0;
}

int borrow_ids(uid_t uid, gid_t gid, struct borrowed *borrowed, struct error *err)
{
    *borrowed = (struct borrowed){.uid = geteuid(), .gid = getegid()};
    if (borrowed->uid != 0)
        return 0;
    if (save_groups(borrowed) < 0)
        return fail_errno(err, "find out this process' groups");
    borrowed->active = 1;
    if (setgroups(0, NULL) == 0 && setegid(gid) == 0 && seteuid(uid) == 0)
        return 0;
    fail_errno(err, "take the rights of uid %u", (unsigned)uid);
    borrow_return(borrowed);
    return -1;
}

int borrow_owner(int fd, struct borrowed *borrowed, struct error *err)
{
    struct stat st;
    *borrowed = (struct borrowed){0};
    if (fstat(fd, &st) < 0)
        return fail_errno(err, "find out who owns a folder");
    return borrow_ids(st.st_uid, st.st_gid, borrowed, err);
}

void borrow_return(struct borrowed *borrowed)
{
    if (borrowed->active && (seteuid(borrowed->uid) < 0 || setegid(borrowed->gid) < 0 ||
                             setgroups((size_t)borrowed->group_count, borrowed->groups) < 0))
        _exit(STATUS_ERRORED);
    free(borrowed->groups);
    *borrowed = (struct borrowed){0};
}
