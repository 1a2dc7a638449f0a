/*
 * Theory of operation. A root filesystem is somebody's: its links are followed only as they would be with it as
 * "/" (openat2(2), RESOLVE_IN_ROOT), never into the host.
 *
 * A run mounts the root read-only, so the places that are mounted over are made here. A client program is run in
 * the step's own root by the tree's loader. The kernel names a process after the file that it executes: each
 * program has the loader under its own name (tree/loaders), and the shim, so that ps(1) and pkill(1) know it. tree/programs has
 * a link to each program, and the file tree/libraries the folders of libraries and what the loader can do, for the shim.
 */
#include "root-tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdint.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "base/sys.h"
#include "base/text.h"
#include "image.h"
#include "importer.h"

const char *const image_shared_paths[] = {"/proc",
                                          "/dev",
                                          "/tmp",
                                          "/run",
                                          "/app",
                                          "/work",
                                          "/var/lib/postgresql",
                                          "/var/lib/redis",
                                          "/var/log",
                                          "/var/tmp",
                                          "/etc/passwd",
                                          "/etc/group",
                                          "/etc/hosts",
                                          "/etc/hostname",
                                          "/etc/resolv.conf",
                                          "/etc/redis/redis.conf",
                                          NULL};

static const char *const library_folders[] = {"usr/local/lib/*-linux-gnu*",
                                              "usr/lib/*-linux-gnu*",
                                              "lib/*-linux-gnu*",
                                              "usr/local/lib64",
                                              "usr/lib64",
                                              "lib64",
                                              "usr/local/lib",
                                              "usr/lib",
                                              "lib"};
static const char *const loaders[] = {"usr/lib/*-linux-gnu*/ld-linux*.so.*",
                                      "lib/*-linux-gnu*/ld-linux*.so.*",
                                      "usr/lib64/ld-linux*.so.*",
                                      "lib64/ld-linux*.so.*",
                                      "lib/ld-linux*.so.*",
                                      "lib/ld-musl-*.so.1",
                                      "usr/lib/ld-musl-*.so.1"};

enum { LOADER_MAX = 8 << 20 };

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- Places ---- */

/* Opens the folder path of the root, making it and its parents. */
static int make_folder(int root, const char *path, struct error *err)
{
    int folder = sys_open_inside(root, path, O_PATH | O_DIRECTORY);
    if (folder >= 0)
        return folder;
    cleanup_free char *above = copy_string(path);
    char *slash = strrchr(above, '/');
    const char *name = path + (slash - above) + 1;
    *slash = '\0';
    cleanup_fd int parent =
        slash == above ? sys_open_inside(root, "/", O_PATH | O_DIRECTORY) : make_folder(root, above, err);
    if (parent < 0)
        return -1;
    if (mkdirat(parent, name, 0755) < 0)
        return fail_errno(err, "make the folder %s of the tree", path);
    folder = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return folder < 0 ? fail_errno(err, "open the folder %s of the tree", path) : folder;
}

/* A link is no place to mount onto: where it leads is not there yet, or is somewhere else in the run. */
static int make_file(int root, const char *path, struct error *err)
{
    cleanup_free char *above = copy_string(path);
    char *slash = strrchr(above, '/');
    const char *name = path + (slash - above) + 1;
    struct stat st;
    *slash = '\0';
    cleanup_fd int parent = make_folder(root, above, err);
    if (parent < 0)
        return -1;
    if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
        unlinkat(parent, name, 0);
    int file = openat(parent, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
    return file < 0 ? fail_errno(err, "make the file %s of the tree", path) : file;
}

static int make_places(const char *path, struct error *err)
{
    cleanup_fd int root = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (root < 0)
        return fail_errno(err, "open %s", path);
    for (const char *const *shared = image_shared_paths; *shared; shared++) {
        bool is_file = text_starts(*shared, "/etc/");
        cleanup_fd int made = is_file ? make_file(root, *shared, err) : make_folder(root, *shared, err);
        if (made < 0)
            return -1;
    }
    return 0;
}

int root_tree_arrange(const char *folder, struct error *err)
{
    cleanup_free char *tree = text_format("%s/tree", folder), *brought = text_format("%s/brought", folder);
    cleanup_free char *root = text_format("%s/tree/root", folder);
    if (rename(tree, brought) < 0 || mkdir(tree, 0755) < 0 || rename(brought, root) < 0)
        return fail_errno(err, "move the root into %s", tree);
    return make_places(root, err);
}

int root_tree_take(const char *folder, const char *from, const char *to, const char *name, struct error *err)
{
    cleanup_free char *path = text_format("%s/tree/root", folder), *source = text_format("%s/%s", from, name);
    cleanup_fd int root = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    cleanup_fd int place = root < 0 ? fail_errno(err, "open %s", path) : make_folder(root, to, err);
    if (place < 0)
        return -1;
    return renameat(AT_FDCWD, source, place, name) < 0 ? fail_errno(err, "move %s into the tree", source) : 0;
}

/* ---- Finding ---- */

/* The first file or folder in the root that pattern names and that is really there and in it, relative to the root; NULL
 * where there is none. */
static char *find_in(const char *root, const char *pattern)
{
    cleanup_free char *whole = text_format("%s/%s", root, pattern), *real = realpath(root, NULL);
    glob_t found;
    char *result = NULL;
    if (!real || glob(whole, 0, NULL, &found) != 0)
        return NULL;
    for (size_t i = 0; i < found.gl_pathc && !result; i++) {
        cleanup_free char *at = realpath(found.gl_pathv[i], NULL);
        if (at && text_starts(at, real) && at[strlen(real)] == '/')
            result = copy_string(found.gl_pathv[i] + strlen(root) + 1);
    }
    globfree(&found);
    return result;
}

char *root_tree_program(const char *folder, const struct kind *kind, struct error *err)
{
    cleanup_free char *root = text_format("%s/tree/root", folder);
    for (size_t i = 0; i < KIND_FOLDERS_MAX && kind->folders[i]; i++) {
        cleanup_free char *pattern = text_format("%s/%s", kind->folders[i], kind->program);
        char *found = find_in(root, pattern);
        if (found)
            return found;
    }
    fail(err, STATUS_DATA, "there is no %s in the tree", kind->program);
    error_remedy(err, "it is looked for in %s, %s and others: take a tree that has it", kind->folders[0],
                 kind->folders[1]);
    return NULL;
}

static char *find_libraries(const char *root)
{
    cleanup_strings struct strings folders = {0};
    for (size_t i = 0; i < COUNT(library_folders); i++) {
        cleanup_free char *found = find_in(root, library_folders[i]);
        if (found)
            strings_addf(&folders, "root/%s", found);
    }
    return strings_join(&folders, ":");
}

static char *find_loader(const char *root, struct error *err)
{
    for (size_t i = 0; i < COUNT(loaders); i++) {
        cleanup_free char *found = find_in(root, loaders[i]);
        if (found) {
            cleanup_free char *path = text_format("%s/%s", root, found);
            return realpath(path, NULL);
        }
    }
    fail(err, STATUS_DATA, "there is no loader (ld-linux or ld-musl) in the tree");
    error_remedy(err, "take a tree whose programs are linked against glibc or musl, with that libc in it");
    return NULL;
}

/* ---- Client programs ---- */

struct clients {
    const char *tree;    /* the tree's folder */
    char *shim, *loader; /* files of the tree, which each client has under its own name */
};

static int copy_program(const char *from, const char *to, struct error *err)
{
    struct stat st;
    cleanup_fd int in = open(from, O_RDONLY | O_CLOEXEC);
    cleanup_fd int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
    if (in < 0 || fstat(in, &st) < 0)
        return fail_errno(err, "open %s", from);
    if (out < 0 || sendfile(out, in, NULL, (size_t)st.st_size) != st.st_size || fchmod(out, 0755) < 0)
        return fail_errno(err, "write %s", to);
    return 0;
}

static int add_client(const struct clients *clients, const char *folder, const char *name, struct error *err)
{
    cleanup_free char *shim = text_format("%s/clients/%s", clients->tree, name);
    cleanup_free char *loader = text_format("%s/loaders/%s", clients->tree, name);
    cleanup_free char *program = text_format("%s/programs/%s", clients->tree, name);
    cleanup_free char *target = text_format("../root/%s/%s", folder, name);
    if (link(clients->shim, shim) < 0 || link(clients->loader, loader) < 0 || symlink(target, program) < 0)
        return fail_errno(err, "make %s", shim);
    return 0;
}

static bool is_client(const struct kind *kind, const char *name)
{
    for (size_t i = 0; i < KIND_CLIENTS_MAX && kind->clients[i]; i++)
        if (fnmatch(kind->clients[i], name, FNM_PERIOD) == 0)
            return true;
    return false;
}

/* Scripts, and links out of the root, are no programs for a loader. */
static bool is_program(const char *root, const char *folder, const char *name)
{
    char magic[4];
    cleanup_free char *relative = text_format("%s/%s", folder, name), *found = find_in(root, relative);
    cleanup_free char *path = text_format("%s/%s", root, relative);
    cleanup_fd int file = found ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    return file >= 0 && read(file, magic, sizeof magic) == (ssize_t)sizeof magic &&
           memcmp(magic, "\177ELF", sizeof magic) == 0;
}

static int add_each(const struct clients *clients, const char *root, const char *folder,
                    const struct kind *kind, struct error *err)
{
    cleanup_free char *path = text_format("%s/%s", root, folder);
    cleanup_dir DIR *dir = opendir(path);
    struct dirent *entry;
    if (!dir)
        return fail_errno(err, "read %s", path);
    while ((entry = readdir(dir)))
        if (is_client(kind, entry->d_name) && is_program(root, folder, entry->d_name) &&
            add_client(clients, folder, entry->d_name, err) < 0)
            return -1;
    return 0;
}

/* Asked by its text: the loader is not trusted, and not run for this. */
static bool knows_argv0(const char *loader)
{
    static const char option[] = "--argv0";
    size_t size = 0;
    cleanup_free char *text = text_read_file(AT_FDCWD, loader, LOADER_MAX, &size, NULL);
    return text && memmem(text, size, option, strlen(option)) != NULL;
}

static int write_settings(const char *tree, const char *root, const char *loader, struct error *err)
{
    cleanup_free char *path = text_format("%s/libraries", tree), *folders = find_libraries(root);
    cleanup_free char *list = text_format("%s\n%s", folders, knows_argv0(loader) ? "argv0\n" : "");
    cleanup_fd int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    return file < 0 || text_write_all(file, list, strlen(list)) < 0 ? fail_errno(err, "write %s", path) : 0;
}

int root_tree_add_clients(const char *folder, const struct kind *kind, const char *program, struct error *err)
{
    static const char *const parts[] = {"clients", "loaders", "programs"};
    cleanup_free char *tree = text_format("%s/tree", folder), *root = text_format("%s/root", tree);
    cleanup_free char *own_shim = importer_path("shim"), *shim = text_format("%s/shim", tree);
    cleanup_free char *loader = find_loader(root, err);
    cleanup_free char *beside = text_format("%.*s", (int)(strrchr(program, '/') - program), program);
    if (!loader || copy_program(own_shim, shim, err) < 0)
        return -1;
    for (size_t i = 0; i < COUNT(parts); i++) {
        cleanup_free char *part = text_format("%s/%s", tree, parts[i]);
        if (mkdir(part, 0755) < 0)
            return fail_errno(err, "make %s", part);
    }
    const struct clients clients = {tree, shim, loader};
    return write_settings(tree, root, loader, err) < 0 ? -1 : add_each(&clients, root, beside, kind, err);
}
