// SPDX-License-Identifier: MIT
//
// The console under isocline. A program that links isocline provides the first two functions;
// they are called only from within isocline's own functions, on the caller's thread.
#ifndef ISOCLINE_CONSOLE_H
#define ISOCLINE_CONSOLE_H

#include <stddef.h>
#include <stdint.h>

// Waits for input and stores at most `bytes` of it. Returns how many, at least one, or 0 when
// none came within timeout_ms (-1: waits for ever; 0 there means that the console is gone).
size_t isocline_console_read(void *buffer, size_t bytes, int64_t timeout_ms);

// Writes all of it. The data is the caller's.
void isocline_console_write(const void *data, size_t bytes);

// Tells isocline the size of the terminal, in characters; 80 by 24 until it is called.
void isocline_console_size(uint16_t columns, uint16_t rows);

#endif
