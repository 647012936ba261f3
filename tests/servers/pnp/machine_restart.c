// SPDX-License-Identifier: MIT
/* The I/O manager's part in starting drivers again; see machine.h. */
#include "machine.h"
#include "port.h"

void port_keep(ash_word driver, ash_word, const struct inf_codes *)
{
    machine_note("keep:%lu ", (unsigned long)driver);
}

void port_keep_not(ash_word driver)
{
    machine_note("keep-not:%lu ", (unsigned long)driver);
}

ash_status port_resume(ash_word driver)
{
    machine_note("resume:%lu ", (unsigned long)driver);
    return STATUS_SUCCESS;
}

void port_give_up(ash_word driver)
{
    machine_note("give-up:%lu ", (unsigned long)driver);
}

void port_drain(ash_word driver, ash_word)
{
    machine_note("drain:%lu ", (unsigned long)driver);
}

void port_recover_device(ash_word driver, ash_word device, enum ash_io_recover when)
{
    machine_note("%s:%lu:%u ",
                 when == ASH_IO_RECOVER_NOW     ? "now"
                 : when == ASH_IO_RECOVER_LATER ? "later"
                                                : "never",
                 (unsigned long)driver, (unsigned)device % 100);
}
