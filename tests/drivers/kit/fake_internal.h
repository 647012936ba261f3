// SPDX-License-Identifier: MIT
// Between the parts of the fake kit.
#ifndef FAKE_INTERNAL_H
#define FAKE_INTERNAL_H

#include <wdm.h>

#include <stdbool.h>

void fake_reset_devices(void);
void fake_reset_ke(void);
void fake_reset_mm(void);
void fake_reset_restart(void);
void fake_want_passive(const char *what);
// Stops the test when a spin lock is held.
void fake_check_no_lock(const char *what);
bool fake_deleted(PDEVICE_OBJECT device);

#endif
