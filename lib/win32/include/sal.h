// SPDX-License-Identifier: MIT
//
// Source annotations: they say nothing to the compiler here, every macro expands to nothing. An
// annotation that a program uses and that is missing here needs one more line.
// Documentation: "Using SAL Annotations".
#ifndef WIN32_SAL_H
#define WIN32_SAL_H

#define IN
#define OUT
#define OPTIONAL
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
#define _Group_(a)
#define _On_failure_(a)
#define _Always_(a)
#define _Raises_SEH_exception_
#define _Enum_is_bitflag_
#define _Strict_type_match_
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
#define _Inout_updates_all_(n)
#define _Inout_updates_to_(a, b)
#define _Inout_updates_all_opt_(n)
#define _Inout_updates_to_opt_(a, b)
#define _Inout_updates_bytes_all_(n)
#define _Inout_updates_bytes_all_opt_(n)
#define _Inout_updates_bytes_to_opt_(a, b)
#define _Out_writes_all_opt_(n)
#define _Out_writes_to_opt_(a, b)
#define _Out_writes_bytes_all_opt_(n)
#define _In_reads_z_(n)
#define _Inout_updates_z_(n)
#define _In_reads_or_z_opt_(n)
#define _Out_writes_opt_z_(n)
#define _Pre_
#define _Post_
#define _Deref_out_
#define _Frees_ptr_opt_
#define _Use_decl_annotations_
#define _Analysis_mode_(mode)
#define _Analysis_assume_(condition) ((void)0)
#define _Function_class_(name)
#define __drv_when(condition, annotations)
#define __callback
#define __in
#define __in_opt
#define __out
#define __out_opt
#define __inout
#define __inout_opt

#endif
