// SPDX-License-Identifier: MIT
/* See sequence.h. */
#include "sequence.h"

struct power_totals power_totals;

static const char *describe(uint8_t minor)
{
    return minor == POWER_SET ? "SET_POWER" : "QUERY_POWER";
}

/* A driver that does not handle the IRP leaves STATUS_NOT_SUPPORTED: no complaint. */
static void tell_all(const struct power_port *port, uint8_t minor, ash_word action)
{
    const ash_word parameter[4] = {0, POWER_SYSTEM_SHUTDOWN, action, 0};
    struct power_device device;
    for (ash_word index = 0; port->device(index, &device); index++) {
        ash_status status = port->irp(&device, minor, parameter);
        power_totals.devices += minor == POWER_SET;
        if (status == STATUS_IO_TIMEOUT || status == STATUS_TIMEOUT)
            port->log("%s does not answer %s: skipped", device.name, describe(minor));
        else if (!ash_success(status) && status != STATUS_NOT_SUPPORTED)
            port->log("%s answers %s with 0x%08x", device.name, describe(minor), (unsigned)status);
    }
}

ash_status power_down(const struct power_port *port, enum ash_power_action action, bool failure)
{
    if (action != ASH_POWER_OFF && action != ASH_POWER_REBOOT)
        return STATUS_INVALID_PARAMETER;
    bool reboot = action == ASH_POWER_REBOOT;
    ash_word kind = reboot ? POWER_ACTION_SHUTDOWN_RESET : POWER_ACTION_SHUTDOWN_OFF;
    power_totals.devices = 0;
    ash_status status = port->flush();
    if (!ash_success(status))
        port->log("not every volume could be flushed: 0x%08x", (unsigned)status);
    tell_all(port, POWER_QUERY, kind); /* a refusal cannot stop a shutdown */
    tell_all(port, POWER_SET, kind);
    power_totals.transitions++;
    port->reset(reboot, failure);
    port->log("the firmware refuses to %s", reboot ? "reboot" : "power off");
    return STATUS_NOT_SUPPORTED;
}
