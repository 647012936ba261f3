// SPDX-License-Identifier: MIT
/*
 * `exercise WHAT`: uses one sample driver through its device, checks what comes back, and prints a
 * line for each thing it has seen. The result is 0 if everything was as the driver's README says.
 */
#ifndef EXERCISE_H
#define EXERCISE_H

#include "ash/file.h"
#include <stdio.h>
#include <string.h>

int exercise_ioctl(int argc, char **argv);
int exercise_csq(int argc, char **argv);
int exercise_controller(int argc, char **argv);
int exercise_event(int argc, char **argv);
int exercise_iotrace(int argc, char **argv);
int exercise_copy(int argc, char **argv);
int exercise_tell(int argc, char **argv);
int exercise_edu(int argc, char **argv);
int exercise_disk(int argc, char **argv);
int exercise_random(int argc, char **argv);

/* device.c */
/* Loads the driver (nothing happens if it is loaded) and opens a device of it. */
[[nodiscard]] ash_status device_open(const char *driver, const char *path, struct ash_file **file);
/* Ticks of ash_time in so many milliseconds from now. */
ash_word time_in(ash_word milliseconds);
ash_word milliseconds_since(ash_word then);
/* Prints what is wrong; 1. */
[[gnu::format(printf, 1, 2)]] int wrong(const char *format, ...);
/* A control code as the documentation makes it. */
#define CONTROL_CODE(type, function, method, access)                                               \
    ((uint32_t)(type) << 16 | (uint32_t)(access) << 14 | (uint32_t)(function) << 2 |               \
     (uint32_t)(method))

#endif
