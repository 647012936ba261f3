// SPDX-License-Identifier: MIT
/* The I/O manager's part in starting drivers again; see machine.h. */
#include "machine.h"
#include "port.h"

void port_keep(ash_word driver, bool keep, ash_word)
{
    machine_note("%s:%lu ", keep ? "keep" : "keep-not", (unsigned long)driver);
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
