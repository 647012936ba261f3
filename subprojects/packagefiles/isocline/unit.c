// SPDX-License-Identifier: MIT
//
// isocline as one translation unit, as its authors intend, with its system calls renamed to those
// of isocline_posix.h. The standard headers come first, so that only isocline sees the new names.
#define _XOPEN_SOURCE 700
#undef _DEFAULT_SOURCE /* also a flag of tasks */
#define _DEFAULT_SOURCE
#pragma clang diagnostic ignored "-Weverything"
#include "isocline_posix.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#define read               isocline_posix_read
#define write              isocline_posix_write
#define select             isocline_posix_select
#define ioctl              isocline_posix_ioctl
#define isatty             isocline_posix_isatty
#define getenv             isocline_posix_getenv
#define setlocale          isocline_posix_setlocale
#define fopen              isocline_posix_fopen
#define chmod(path, mode)  ((void)0)
#define stat(path, facts)  (-1)
#define lstat(path, facts) (-1)
#define atexit(function)   ((void)(function))

#include <isocline.c>
