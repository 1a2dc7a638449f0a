/* app.json's parser; what it takes must come through the pipe unchanged. */
#include <stdint.h>
#include <stdlib.h>

#include "runtime/app-wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void send_through(struct app *app)
{
    cleanup_app struct app got = {0};
    cleanup_error struct error err = {0};
    cleanup_app_wire struct app_wire wire = {0}, again = {0};
    if (!app_wire_encode(app, &err, &wire) || !app_wire_decode(&wire, &got, &err) || err.status != 0 ||
        !app_wire_encode(&got, &err, &again) || again.size != wire.size)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_app struct app app = {0};
    cleanup_error struct error err = {0};
    int result = app_parse("app.json", (const char *)data, size, &app, &err);
    if (result == 0)
        send_through(&app);
    else if (err.status != STATUS_DATA || !err.message)
        abort();
    return 0;
}
