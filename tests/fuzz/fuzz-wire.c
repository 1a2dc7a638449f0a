/* The decoder of what the reader's child sends: a child that was taken over sends anything. */
#include <stdint.h>
#include <stdlib.h>

#include "runtime/app-wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_app struct app app = {0};
    cleanup_error struct error err = {0};
    cleanup_app_wire struct app_wire wire = {0}, again = {0};
    if (!app_wire_append(&wire, data, size) || !app_wire_decode(&wire, &app, &err))
        return 0;
    if (!app_wire_encode(&app, &err, &again) || again.size != wire.size)
        abort();
    return 0;
}
