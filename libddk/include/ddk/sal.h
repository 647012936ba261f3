// SPDX-License-Identifier: MIT
//
// Source annotations and calling conventions that WDM sources carry. On this target they say
// nothing to the compiler: every macro here expands to nothing. A source that uses an annotation
// missing here needs one more line, never a change of its own text.
// Documentation: "Using SAL Annotations", "IRQL annotations for drivers".

#ifndef DDK_SAL_H
#define DDK_SAL_H

#define NTAPI
#define NTSYSAPI
#define NTKERNELAPI
#define NTHALAPI
#define FASTCALL
#define DECLSPEC_IMPORT
#define DECLSPEC_NORETURN   __attribute__((noreturn))
#define DECLSPEC_ALIGN(x)   __attribute__((aligned(x)))
#define DECLSPEC_CACHEALIGN DECLSPEC_ALIGN(64)
#define FORCEINLINE         static inline __attribute__((always_inline))
#ifndef CDECL
#define CDECL
#endif

// Parameters.
#define IN
#define OUT
#define OPTIONAL
#define CONST const
#define _In_
#define _In_opt_
#define _In_z_
#define _In_opt_z_
#define _In_reads_(n)
#define _In_reads_opt_(n)
#define _In_reads_bytes_(n)
#define _In_reads_bytes_opt_(n)
#define _In_reads_or_z_(n)
#define _In_range_(a, b)
#define _Inout_
#define _Inout_opt_
#define _Inout_z_
#define _Inout_updates_(n)
#define _Inout_updates_opt_(n)
#define _Inout_updates_bytes_(n)
#define _Inout_updates_bytes_opt_(n)
#define _Inout_updates_bytes_to_(a, b)
#define _Out_
#define _Out_opt_
#define _Out_writes_(n)
#define _Out_writes_z_(n)
#define _Out_writes_opt_(n)
#define _Out_writes_all_(n)
#define _Out_writes_bytes_(n)
#define _Out_writes_bytes_all_(n)
#define _Out_writes_bytes_opt_(n)
#define _Out_writes_bytes_to_(a, b)
#define _Out_writes_bytes_to_opt_(a, b)
#define _Out_writes_to_(a, b)
#define _Out_range_(a, b)
#define _Outptr_
#define _Outptr_opt_
#define _Outptr_result_maybenull_
#define _Outptr_result_bytebuffer_(n)
#define _Outptr_result_buffer_(n)
#define _Outptr_result_nullonfailure_
#define _COM_Outptr_
#define _Reserved_
#define _Const_
#define _Pre_notnull_
#define _Pre_maybenull_
#define _Pre_null_
#define _Post_invalid_
#define _Post_ptr_invalid_
#define _Post_notnull_
#define _Post_writable_byte_size_(n)
#define _Post_satisfies_(c)
#define _Pre_satisfies_(c)
#define _Pre_valid_
#define _Post_valid_
#define _Deref_pre_z_
#define _Null_terminated_
#define _NullNull_terminated_
#define _Points_to_data_
#define _Notnull_
#define _Maybenull_
#define _Valid_
#define _Notvalid_
#define _Literal_
#define _Printf_format_string_
#define _Field_size_(n)
#define _Field_size_bytes_(n)
#define _Field_size_opt_(n)
#define _Field_range_(a, b)
#define _Field_z_
#define _Struct_size_bytes_(n)
#define __volatile volatile

// Return values and whole functions.
#define _Success_(c)
#define _Check_return_
#define _Must_inspect_result_
#define _Ret_maybenull_
#define _Ret_notnull_
#define _Ret_range_(a, b)
#define _Ret_writes_bytes_(n)
#define _Ret_z_
#define _Return_type_success_(c)
#define _When_(c, a)
#define _At_(t, a)
#define _Analysis_assume_(c) ((void)0)
#define _Analysis_noreturn_
#define _Function_class_(n)
#define _Dispatch_type_(n)
#define _Use_decl_annotations_
#define _Group_(a)
#define _On_failure_(a)
#define _Always_(a)
#define _Raises_SEH_exception_
#define _Enum_is_bitflag_
#define _Strict_type_match_

// IRQL, locks and resources.
#define _IRQL_requires_(i)
#define _IRQL_requires_max_(i)
#define _IRQL_requires_min_(i)
#define _IRQL_requires_same_
#define _IRQL_raises_(i)
#define _IRQL_saves_
#define _IRQL_saves_global_(k, p)
#define _IRQL_restores_
#define _IRQL_restores_global_(k, p)
#define _IRQL_always_function_max_(i)
#define _IRQL_always_function_min_(i)
#define _IRQL_uses_cancel_
#define _IRQL_is_cancel_
#define _Acquires_lock_(l)
#define _Releases_lock_(l)
#define _Requires_lock_held_(l)
#define _Requires_lock_not_held_(l)
#define _Acquires_exclusive_lock_(l)
#define _Releases_exclusive_lock_(l)
#define _Acquires_shared_lock_(l)
#define _Releases_shared_lock_(l)
#define _Requires_no_locks_held_
#define _Has_lock_kind_(k)
#define _Guarded_by_(l)
#define _Interlocked_operand_
#define __drv_allocatesMem(k)
#define __drv_freesMem(k)
#define __drv_aliasesMem
#define __drv_strictTypeMatch(m)
#define __drv_maxIRQL(i)
#define __drv_requiresIRQL(i)
#define __drv_sameIRQL
#define __drv_functionClass(n)
#define __drv_dispatchType(n)
#define __drv_dispatchType_other
#define __drv_when(c, a)
#define __drv_reportError(t)
#define __drv_preferredFunction(f, w)
#define __drv_notPointer
#define __drv_isObjectPointer
#define __drv_acquiresCriticalRegion
#define __drv_releasesCriticalRegion
#define __analysis_assume(c) ((void)0)

#include <ddk/sal_buffers.h>
#include <ddk/sal_old.h>

#endif
