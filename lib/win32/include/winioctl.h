// SPDX-License-Identifier: MIT
// Control codes for programs.
#ifndef WIN32_WINIOCTL_H
#define WIN32_WINIOCTL_H

#include <devioctl.h>

#endif
