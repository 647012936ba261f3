// SPDX-License-Identifier: MIT
//
// Device objects with a security descriptor: the descriptors that are in common use, in SDDL.
// IoCreateDeviceSecure itself is with wdm.h. The kit takes a descriptor and does not apply it yet:
// who may open a device is decided by the system's security, which comes later.
// Documentation: "SDDL for Device Objects", nf-wdmsec-wdmlibiocreatedevicesecure.

#ifndef DDK_WDMSEC_H
#define DDK_WDMSEC_H

#include <wdm.h>

#define WdmlibIoCreateDeviceSecure IoCreateDeviceSecure

// Kernel; system; administrators; everybody (WD); restricted code (RC).
#define DDK_SDDL(name, text)                                                                       \
    static const __attribute__((unused)) UNICODE_STRING name = RTL_CONSTANT_STRING(text)
DDK_SDDL(SDDL_DEVOBJ_KERNEL_ONLY, L"D:P");
DDK_SDDL(SDDL_DEVOBJ_SYS_ALL, L"D:P(A;;GA;;;SY)");
DDK_SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_ALL, L"D:P(A;;GA;;;SY)(A;;GA;;;BA)");
DDK_SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_RX, L"D:P(A;;GA;;;SY)(A;;GRGX;;;BA)");
DDK_SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_R, L"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GR;;;WD)");
DDK_SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_R_RES_R,
         L"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GR;;;WD)(A;;GR;;;RC)");
DDK_SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RW_RES_R,
         L"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GRGW;;;WD)(A;;GR;;;RC)");
DDK_SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RWX_RES_RWX,
         L"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GRGWGX;;;WD)(A;;GRGWGX;;;RC)");
#undef DDK_SDDL

#endif
