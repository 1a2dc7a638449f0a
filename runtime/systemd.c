/*
 * Theory of operation. libsystemd is loaded when it is needed, which is in few runs: linked, it would be paid for in
 * every one. The socket is the one on which systemd is spoken to without a bus between, as systemctl does: a user's
 * systemd has it also where no message bus runs.
 */
#include "systemd.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/own.h"
#include "base/text.h"

static int connect_to(const char *path, struct error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return fail(err, STATUS_ERRORED, "%s: too long for a socket's name", path);
    memcpy(address.sun_path, path, strlen(path));
    cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fail_errno(err, "make a socket");
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
        return fail_errno(err, "connect to %s", path);
    return steal_fd(&fd);
}

#if __has_include(<systemd/sd-bus.h>)

#include <dlfcn.h>
#include <errno.h>
#include <systemd/sd-bus.h>

#define LIBRARY "libsystemd.so.0"
#define SYSTEMD "org.freedesktop.systemd1"
#define OBJECT  "/org/freedesktop/systemd1"
#define MANAGER SYSTEMD ".Manager"

enum { WAIT_US = 25 * 1000 * 1000 }; /* as long as libraries wait for a reply */

#define FUNCTIONS(use)                                                                                       \
    use(sd_bus_new) use(sd_bus_set_fd) use(sd_bus_start) use(sd_bus_match_signal) use(sd_bus_call_method)    \
        use(sd_bus_process) use(sd_bus_wait) use(sd_bus_message_read) use(sd_bus_error_free)                 \
            use(sd_bus_close_unref)
#define FIELD(name) __typeof__(name) *(name);
struct library {
    FUNCTIONS(FIELD)
};

static int lack(struct error *err)
{
    fail(err, STATUS_ERRORED, "load systemd's library: %s", dlerror());
    error_remedy(err, "install it (Debian: libsystemd0), or run without limits with --allow-weaker=limits");
    return -1;
}

static int load(struct library *library, struct error *err)
{
#define PLACE(name) {#name, offsetof(struct library, name)},
    static const struct {
        const char *name;
        size_t offset;
    } functions[] = {FUNCTIONS(PLACE)};
    void *handle = dlopen(LIBRARY, RTLD_NOW);
    if (!handle)
        return lack(err);
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        void *function = dlsym(handle, functions[i].name);
        if (!function)
            return lack(err);
        memcpy((char *)library + functions[i].offset, &function, sizeof function);
    }
    return 0;
}

/* A call to a manager. */
struct request {
    struct library library;
    sd_bus *bus;
    const char *unit;
    char *result; /* of the unit's job, or why it is not known; NULL: not yet */
};

static void request_clear(struct request *request)
{
    if (request->bus)
        request->library.sd_bus_close_unref(request->bus);
    free_pointer(&request->result);
}

/* sd-bus's functions return errno's values, negative. */
static int fail_request(int status, const char *what, struct error *err)
{
    errno = -status;
    return fail_errno(err, "%s", what);
}

static int note_result(sd_bus_message *message, void *data, sd_bus_error *error)
{
    struct request *request = data;
    const char *unit = "", *result = "";
    (void)error;
    if (request->library.sd_bus_message_read(message, "uoss", NULL, NULL, &unit, &result) >= 0 &&
        text_equal(unit, request->unit) && !request->result)
        request->result = copy_string(result);
    return 0;
}

static int open_bus(struct request *request, const char *path, struct error *err)
{
    cleanup_fd int fd = connect_to(path, err);
    if (fd < 0)
        return -1;
    int status = request->library.sd_bus_new(&request->bus);
    if (status >= 0)
        status = request->library.sd_bus_set_fd(request->bus, fd, fd);
    if (status >= 0) {
        steal_fd(&fd);
        status = request->library.sd_bus_start(request->bus);
    }
    return status < 0 ? fail_request(status, path, err) : 0;
}

/* The job is waited for from before it is there. Pid 0 is the process at the other end of the socket: its id here may be
 * another's where the manager is. */
static int ask(struct request *request, struct error *err)
{
    sd_bus_error error = {0};
    int status = request->library.sd_bus_match_signal(request->bus, NULL, NULL, OBJECT, MANAGER, "JobRemoved",
                                                      note_result, request);
    if (status < 0)
        return fail_request(status, "wait for a job of systemd's", err);
    status = request->library.sd_bus_call_method(
        request->bus, SYSTEMD, OBJECT, MANAGER, "StartTransientUnit", &error, NULL, "ssa(sv)a(sa(sv))",
        request->unit, "fail" /* where it conflicts with another job */, 4, "Description", "s", "indyno run",
        "CollectMode", "s", "inactive-or-failed", "Delegate", "b", 1, "PIDs", "au", 1, 0, 0);
    if (status < 0 && error.message)
        fail(err, STATUS_ERRORED, "%s", error.message);
    else if (status < 0)
        fail_request(status, "ask for a scope", err);
    request->library.sd_bus_error_free(&error);
    return status < 0 ? -1 : 0;
}

static int await(struct request *request, struct error *err)
{
    int status = 1;
    while (!request->result && status >= 0) {
        status = request->library.sd_bus_process(request->bus, NULL);
        if (status == 0)
            status = request->library.sd_bus_wait(request->bus, WAIT_US) == 0 ? -ETIMEDOUT : 0;
    }
    if (!request->result)
        return fail_request(status, "wait for its job", err);
    if (!text_equal(request->result, "done"))
        return fail(err, STATUS_ERRORED, "its job ended with \"%s\"", request->result);
    return 0;
}

int systemd_start_scope(const char *path, const char *unit, struct error *err)
{
    __attribute__((cleanup(request_clear))) struct request request = {.unit = unit};
    if (load(&request.library, err) < 0 || open_bus(&request, path, err) < 0)
        return -1;
    return ask(&request, err) < 0 || await(&request, err) < 0 ? error_context(err, "%s", unit) : 0;
}

#else

int systemd_start_scope(const char *path, const char *unit, struct error *err)
{
    cleanup_fd int fd = connect_to(path, err);
    if (fd < 0)
        return -1;
    fail(err, STATUS_ERRORED, "%s: indyno was built without systemd/sd-bus.h", unit);
    error_remedy(
        err, "build it with that (Debian: libsystemd-dev), or run without limits with --allow-weaker=limits");
    return -1;
}

#endif
