// SPDX-License-Identifier: MIT
//
// Cancel-safe queues: with wdm.h.

#ifndef DDK_CSQ_MAIN_H
#define DDK_CSQ_MAIN_H

#include <wdm.h>

#endif
