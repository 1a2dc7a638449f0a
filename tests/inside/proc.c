/* /proc: the host's secrets, other processes, and what can be written. */
#include "inside.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *machine_files(void)
{
    static const char *const files[] = {"/proc/kcore",       "/proc/kmsg",        "/proc/timer_list",
                                        "/proc/kpagecount",  "/proc/kpageflags",  "/proc/slabinfo",
                                        "/proc/vmallocinfo", "/proc/pagetypeinfo"};
    struct tally tally = {.should = "EACCES"};
    for (size_t i = 0; i < COUNT(files); i++)
        if (access(files[i], F_OK) == 0)
            tally_add(&tally, files[i], opening(files[i], O_RDONLY));
    if (access("/proc/sysrq-trigger", F_OK) == 0)
        tally_add(&tally, "/proc/sysrq-trigger", opening("/proc/sysrq-trigger", O_WRONLY));
    return tally_result(&tally);
}

static struct {
    char first[300];
    unsigned count;
} writable;

/* Open to everybody, whose writes the kernel looks at by themselves. */
static bool is_everybodys(const char *path)
{
    return strncmp(path, "/proc/pressure/", 15) == 0;
}

static int look_at(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)walk;
    const char *name = path + strlen("/proc/");
    if (type == FTW_D && strncmp(path, "/proc/", 6) == 0 &&
        (isdigit((unsigned char)*name) || strncmp(name, "self", 4) == 0 ||
         strncmp(name, "thread-self", 11) == 0))
        return FTW_SKIP_SUBTREE;
    if (type != FTW_F || S_ISLNK(st->st_mode) || is_everybodys(path))
        return FTW_CONTINUE;
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0)
        return FTW_CONTINUE;
    close(fd);
    if (!writable.count++)
        snprintf(writable.first, sizeof writable.first, "%s", path);
    return FTW_CONTINUE;
}

/* Everything but processes: /proc/sys, irq, acpi, scsi, bus, ... */
static const char *writable_files(void)
{
    enum { OPEN_FOLDERS = 16 };
    if (nftw("/proc", look_at, OPEN_FOLDERS, FTW_PHYS | FTW_ACTIONRETVAL) < 0)
        return result_of(-1);
    return writable.count ? told("%u, %s first", writable.count, writable.first) : "none";
}

static const char *machine_folders(void)
{
    static const char *const folders[] = {"/proc/acpi", "/proc/asound", "/proc/scsi"};
    struct tally tally = {.should = "empty"};
    for (size_t i = 0; i < COUNT(folders); i++) {
        struct dirent **names;
        int count = scandir(folders[i], &names, NULL, NULL);
        if (count >= 0)
            tally_add(&tally, folders[i], count == 2 ? "empty" : "has entries");
    }
    return tally.count ? tally_result(&tally) : "empty";
}

static const char *read_only_settings(void)
{
    struct statvfs fs;
    return statvfs("/proc/sys", &fs) < 0 ? result_of(-1) : fs.f_flag & ST_RDONLY ? "read-only" : "writable";
}

static const char *key_list(void)
{
    static char text[65536];
    if (!read_text("/proc/keys", text, sizeof text))
        return "shows none of the caller's";
    return strstr(text, OUTSIDE_KEY) ? "shows the caller's" : "shows none of the caller's";
}

static void look_into(pid_t pid, struct tally *tally)
{
    static const char *const files[] = {"environ", "mem", "maps", "root/",      "cwd/",
                                        "fd/",     "exe", "ns/",  "map_files/", "auxv"};
    for (size_t i = 0; i < COUNT(files); i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/%d/%s", pid, files[i]);
        struct stat st;
        bool link = lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
        char target[300];
        const char *happened =
            link ? result_of(readlink(path, target, sizeof target)) : opening(path, O_RDONLY);
        if (strcmp(files[i], "ns/") != 0 || strcmp(happened, "done") != 0)
            tally_add(tally, path, happened);
    }
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/mnt", pid);
    tally_add(tally, path, opening(path, O_RDONLY));
}

static const char *other_processes(void)
{
    struct tally tally = {.should = "EACCES"};
    for_each_foreign(look_into, &tally);
    return tally_result(&tally);
}

/* Where one id is all that there is, pid 1 is no other user's. */
static const char *first_process(void)
{
    struct tally tally = {.should = "EACCES"};
    look_into(1, &tally);
    return tally_result(&tally);
}

static const char *secret_in_first_process(void)
{
    static const char *const files[] = {"/proc/1/cmdline", "/proc/1/environ", "/proc/1/comm"};
    static char text[65536];
    for (size_t i = 0; i < COUNT(files); i++) {
        int fd = open(files[i], O_RDONLY | O_CLOEXEC);
        ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof text);
        if (fd >= 0)
            close(fd);
        if (size > 0 && memmem(text, (size_t)size, OUTSIDE_SECRET, strlen(OUTSIDE_SECRET)))
            return told("in %s", files[i]);
    }
    return "nowhere";
}

static const char *own_cgroup(void)
{
    char text[4096];
    if (!read_text("/proc/self/cgroup", text, sizeof text))
        return "no file";
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        const char *path = strrchr(line, ':');
        if (path && strcmp(path, ":/") != 0)
            return told("%s", line);
    }
    return "the root alone";
}

static const char *own_maps(void)
{
    struct tally tally = {.should = "EPERM"};
    static const char *const files[] = {"/proc/self/uid_map", "/proc/self/gid_map"};
    for (size_t i = 0; i < COUNT(files); i++) {
        int fd = open(files[i], O_WRONLY | O_CLOEXEC);
        tally_add(&tally, files[i], fd < 0 ? "EPERM" : result_of(write(fd, "0 0 1", 5)));
    }
    return tally_result(&tally);
}

const struct attack proc_attacks[] = {
    {"machine-files", BOTH, "to open /proc/kcore, kmsg, timer_list, sysrq-trigger and so on", "EACCES",
     machine_files},
    {"machine-folders", BOTH, "to see what /proc/acpi, asound and scsi tell of the machine", "empty",
     machine_folders},
    {"settings", BOTH, "to find /proc/sys mounted writable", "read-only", read_only_settings},
    {"writable-proc", BOTH, "to open any file of /proc but processes' for writing", "none", writable_files},
    {"key-list", BOTH, "to find a key of the caller's in /proc/keys", "shows none of the caller's", key_list},
    {"other-processes", BOTH, "to look into processes of other users through /proc", "EACCES",
     other_processes},
    {"first-process", BOTH, "to look into pid 1 through /proc", "EACCES", first_process},
    {"secret-in-first-process", BOTH, "to find the caller's arguments and environment in pid 1", "nowhere",
     secret_in_first_process},
    {"own-cgroup", BOTH, "to see where in the host's cgroups it is", "the root alone", own_cgroup},
    {"own-maps", BOTH, "to write its id maps", "EPERM", own_maps},
    {0},
};
