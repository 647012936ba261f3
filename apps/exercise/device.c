// SPDX-License-Identifier: MIT
/* What every exercise needs. */
#include "ash/manager.h"
#include "ash/start.h"
#include "ash/syscall.h"
#include "exercise.h"
#include "pnp.h"
#include <stdarg.h>

ash_word time_in(ash_word milliseconds)
{
    return ash_time() + ash_ticks(milliseconds * 1000);
}

ash_word milliseconds_since(ash_word then)
{
    return (ash_time() - then) / ash_ticks(1000);
}

int wrong(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    printf("exercise: ");
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    return 1;
}

static ash_status load(const char *driver)
{
    struct ash_pnp_load_request request = {};
    struct ash_pnp_load_reply reply;
    snprintf(request.name, sizeof(request.name), "%s", driver);
    return ash_request(ASH_SLOT_PNP, ASH_PNP_LOAD, &request, sizeof(request), &reply,
                       sizeof(reply));
}

ash_status device_open(const char *driver, const char *path, struct ash_file **file)
{
    ash_status status = driver != nullptr ? load(driver) : STATUS_SUCCESS;
    if (!ash_success(status))
        return status;
    return ash_open(path, ASH_FILE_READ_DATA | ASH_FILE_WRITE_DATA, ASH_FILE_OPEN, 0, file);
}
