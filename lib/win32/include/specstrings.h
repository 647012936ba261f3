// SPDX-License-Identifier: MIT
// Annotations that programs share with drivers.
#include <sal.h>
