// SPDX-License-Identifier: MIT
//
// What isocline asks of POSIX, under names of its own so that nothing clashes with the program's
// C library. Only descriptors 0 and 1 exist: the console.
#ifndef ISOCLINE_POSIX_H
#define ISOCLINE_POSIX_H

#include <dirent.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/types.h>
#include <termios.h>

ssize_t isocline_posix_read(int descriptor, void *buffer, size_t bytes);
ssize_t isocline_posix_write(int descriptor, const void *data, size_t bytes);
int isocline_posix_select(int count, fd_set *readable, fd_set *writable, fd_set *failed,
                          struct timeval *timeout);
int isocline_posix_ioctl(int descriptor, unsigned long request, ...);
int isocline_posix_isatty(int descriptor);
char *isocline_posix_getenv(const char *name);
char *isocline_posix_setlocale(int category, const char *locale);
FILE *isocline_posix_fopen(const char *path, const char *mode);

#endif
