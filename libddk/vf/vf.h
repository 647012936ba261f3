// SPDX-License-Identifier: MIT
//
// Inside of the rule checks: names of bug checks and rules for the crash report.

#ifndef DDK_VF_H
#define DDK_VF_H

#include "../ke/ki.h"

// As the documentation writes them; an empty string if it has none.
const char *vf_code_name(ULONG code);
const char *vf_rule_name(ULONG code, ULONG_PTR first_parameter);

#endif
