// SPDX-License-Identifier: MIT
//
// The device interface class of devices that give random bytes to whoever reads them.
#pragma once

#include <guiddef.h>

// {5e0f8f6a-3c1d-4b52-9a57-6d2f0b7c41e8}
DEFINE_GUID(GUID_DEVINTERFACE_ENTROPY, 0x5e0f8f6a, 0x3c1d, 0x4b52, 0x9a, 0x57, 0x6d, 0x2f, 0x0b,
            0x7c, 0x41, 0xe8);
