// SPDX-License-Identifier: MIT
//
// The first generation of source annotations, in lower case with two underscores. They say nothing
// to the compiler; a source that uses one missing here needs one more line.
// Documentation: "Using SAL Annotations" (they are superseded by those of ddk/sal.h).

#ifndef DDK_SAL_OLD_H
#define DDK_SAL_OLD_H

#define __in
#define __in_opt
#define __in_z
#define __in_z_opt
#define __out
#define __out_opt
#define __out_z
#define __inout
#define __inout_opt
#define __inout_z
#define __deref_in
#define __deref_in_opt
#define __deref_out
#define __deref_out_opt
#define __deref_opt_out
#define __deref_opt_out_opt
#define __deref_inout
#define __deref_inout_opt
#define __reserved
#define __checkReturn
#define __nullterminated
#define __nullnullterminated
#define __maybenull
#define __notnull
#define __callback
#define __override
#define __format_string
#define __blocksOn
#define __fallthrough
#define __post
#define __pre
#define __deref
#define __drv_inTry
#define __drv_notInTry
#define __drv_raisesIRQL
#define __drv_savesIRQL
#define __drv_restoresIRQL
#define __drv_mustHoldCancelSpinLock
#define __drv_neverHoldCancelSpinLock
#define __drv_holdsCancelSpinLock
#define __in_ecount(a)
#define __in_ecount_opt(a)
#define __in_ecount_z(a)
#define __in_ecount_full(a)
#define __in_ecount_full_opt(a)
#define __in_bcount(a)
#define __in_bcount_opt(a)
#define __in_bcount_z(a)
#define __in_bcount_full(a)
#define __in_bcount_full_opt(a)
#define __out_ecount(a)
#define __out_ecount_opt(a)
#define __out_ecount_z(a)
#define __out_ecount_full(a)
#define __out_ecount_full_opt(a)
#define __out_bcount(a)
#define __out_bcount_opt(a)
#define __out_bcount_z(a)
#define __out_bcount_full(a)
#define __out_bcount_full_opt(a)
#define __inout_ecount(a)
#define __inout_ecount_opt(a)
#define __inout_ecount_z(a)
#define __inout_ecount_full(a)
#define __inout_ecount_full_opt(a)
#define __inout_bcount(a)
#define __inout_bcount_opt(a)
#define __inout_bcount_z(a)
#define __inout_bcount_full(a)
#define __inout_bcount_full_opt(a)
#define __deref_out_ecount(a)
#define __deref_out_ecount_opt(a)
#define __deref_out_bcount(a)
#define __deref_out_bcount_opt(a)
#define __deref_inout_ecount(a)
#define __deref_inout_ecount_opt(a)
#define __deref_inout_bcount(a)
#define __deref_inout_bcount_opt(a)
#define __deref_opt_out_ecount(a)
#define __deref_opt_out_ecount_opt(a)
#define __deref_opt_out_bcount(a)
#define __deref_opt_out_bcount_opt(a)
#define __success(a)
#define __ecount(a)
#define __bcount(a)
#define __field_ecount(a)
#define __field_bcount(a)
#define __field_ecount_opt(a)
#define __field_bcount_opt(a)
#define __struct_bcount(a)
#define __xcount(a)
#define __drv_maxFunctionIRQL(...)
#define __drv_minFunctionIRQL(...)
#define __drv_minIRQL(...)
#define __drv_setsIRQL(...)
#define __drv_valueIs(...)
#define __drv_acquiresResource(...)
#define __drv_releasesResource(...)
#define __drv_mustHold(...)
#define __drv_neverHold(...)
#define __drv_innerMustHoldGlobal(...)
#define __drv_arg(...)
#define __drv_ret(...)
#define __drv_in(...)
#define __drv_out(...)
#define __drv_inout(...)
#define __drv_deref(...)
#define __drv_at(...)
#define __drv_constant(...)
#define __drv_nonConstant(...)
#define __drv_clearDoInit(...)
#define __drv_formatString(...)
#define __range(a, b)
#define __in_range(a, b)
#define __out_range(a, b)
#define __inout_range(a, b)
#define __deref_out_range(a, b)
#define __part(a, b)
#define __out_ecount_part(a, b)
#define __out_ecount_part_opt(a, b)
#define __out_bcount_part(a, b)
#define __out_bcount_part_opt(a, b)
#define __inout_ecount_part(a, b)
#define __inout_ecount_part_opt(a, b)
#define __inout_bcount_part(a, b)
#define __inout_bcount_part_opt(a, b)
#define __in_ecount_part(a, b)
#define __in_ecount_part_opt(a, b)
#define __in_bcount_part(a, b)
#define __in_bcount_part_opt(a, b)
#define __drv_acquiresResourceGlobal(...)
#define __drv_releasesResourceGlobal(...)
#define __drv_savesIRQLGlobal(...)
#define __drv_restoresIRQLGlobal(...)
#define __drv_requiresIRQLGlobal(...)

#endif
