// SPDX-License-Identifier: MIT
//
// What the sources of the external driver share.
#pragma once

#define ECHO_DEVICE_NAME L"\\Device\\ExternalEcho"
#define ECHO_BYTES       64

typedef struct _ECHO_EXTENSION {
    ULONG Length;
    UCHAR Text[ECHO_BYTES];
} ECHO_EXTENSION, *PECHO_EXTENSION;

BOOLEAN EchoExceptions(VOID);
