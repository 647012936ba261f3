// SPDX-License-Identifier: MIT
// Threads of the C run-time library.
#ifndef WIN32_PROCESS_H
#define WIN32_PROCESS_H

#include <stdint.h>

uintptr_t _beginthreadex(void *security, unsigned stack, unsigned (*routine)(void *argument),
                         void *argument, unsigned flags, unsigned *id);
uintptr_t _beginthread(void (*routine)(void *argument), unsigned stack, void *argument);
void _endthreadex(unsigned code);
void _endthread(void);

#endif
