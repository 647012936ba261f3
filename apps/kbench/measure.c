// SPDX-License-Identifier: MIT
// Timing one system call, and printing a figure.
#include "kbench.h"

#include <stdio.h>
#include <stdlib.h>

/* Only s registers are sure to be kept. */
struct moments timed(ash_word number, ash_cptr target, ash_cptr reply, struct ash_message *m)
{
    struct moments moments;
    register ash_word a0 __asm__("a0") = target;
    register ash_word a1 __asm__("a1") = m->info;
    register ash_word a2 __asm__("a2") = m->mr[0];
    register ash_word a3 __asm__("a3") = m->mr[1];
    register ash_word a4 __asm__("a4") = m->mr[2];
    register ash_word a5 __asm__("a5") = m->mr[3];
    register ash_word a6 __asm__("a6") = reply;
    register ash_word a7 __asm__("a7") = number;
    register ash_word before __asm__("s2");
    register ash_word after __asm__("s3");
    __asm__ volatile("rdcycle %0\n"
                     "ecall\n"
                     "rdcycle %1\n"
                     : "=&r"(before), "=&r"(after), "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a3),
                       "+r"(a4), "+r"(a5), "+r"(a6), "+r"(a7)
                     :
                     : ASH_SYSCALL_CLOBBERS);
    moments = (struct moments){before, after};
    m->badge = a0;
    m->info = a1;
    m->mr[0] = a2;
    m->mr[1] = a3;
    m->mr[2] = a4;
    m->mr[3] = a5;
    return moments;
}

static int compare(const void *a, const void *b)
{
    ash_word x = *(const ash_word *)a, y = *(const ash_word *)b;
    return x < y ? -1 : x > y;
}

ash_word median(ash_word *values, size_t count)
{
    qsort(values, count, sizeof(*values), compare);
    return values[count / 2];
}

void report(const char *name, ash_word *values)
{
    printf("{\"name\":\"%s\",\"value\":%lu,\"unit\":\"instructions\"}\n", name,
           (unsigned long)median(values, SAMPLES));
}
