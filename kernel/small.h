// SPDX-License-Identifier: MIT
/*
 * SMALL ... SMALL_END: the functions in between run seldom and are compiled for size, in a file
 * whose others are compiled for speed (kernel/meson.build does it for whole files).
 *
 * INIT: a function that only boot calls, in a file whose others stay. Its memory is given away when
 * boot is over (kernel.ld); whatever calls it from elsewhere does not link.
 */
#ifndef KERNEL_SMALL_H
#define KERNEL_SMALL_H

#define SMALL     _Pragma("clang attribute push(__attribute__((minsize)), apply_to = function)")
#define SMALL_END _Pragma("clang attribute pop")

#define INIT __attribute__((section(".init.text"), noinline, minsize))

#endif
