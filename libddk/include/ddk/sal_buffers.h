// SPDX-License-Identifier: MIT
//
// The rest of the source annotations: sizes of buffers, results, pointers to pointers, locks and
// kernel resources. As in ddk/sal.h they say nothing to the compiler.
// Documentation: "Using SAL Annotations", "SAL 2.0 Annotations for Windows Drivers".

#ifndef DDK_SAL_BUFFERS_H
#define DDK_SAL_BUFFERS_H

#define _Analysis_suppress_lock_checking_
#define _Benign_race_begin_
#define _Benign_race_end_
#define _COM_Outptr_opt_
#define _COM_Outptr_result_maybenull_
#define _Check_return_opt_
#define _Check_return_wat_
#define _Deref2_pre_readonly_
#define _Deref_
#define _Deref_opt_out_
#define _Deref_opt_out_opt_
#define _Deref_opt_out_z_
#define _Deref_out_
#define _Deref_out_opt_
#define _Deref_out_opt_z_
#define _Deref_out_z_
#define _Deref_post_maybenull_
#define _Deref_post_notnull_
#define _Deref_post_null_
#define _Deref_post_opt_z_
#define _Deref_post_valid_
#define _Deref_post_z_
#define _Deref_pre_maybenull_
#define _Deref_pre_notnull_
#define _Deref_pre_opt_z_
#define _Deref_pre_readonly_
#define _Deref_pre_valid_
#define _Deref_prepost_opt_z_
#define _Deref_prepost_z_
#define _Deref_ret_z_
#define _In_defensive_
#define _Inout_defensive_
#define _Inout_opt_z_
#define _Kernel_IoGetDmaAdapter_
#define _Kernel_entry_
#define _Kernel_entry_always_
#define _Kernel_float_restored_
#define _Kernel_float_saved_
#define _Kernel_float_used_
#define _Maybevalid_
#define _No_competing_thread_
#define _No_competing_thread_begin_
#define _No_competing_thread_end_
#define _Notliteral_
#define _Notref_
#define _Null_
#define _Out_defensive_
#define _Outptr_opt_result_maybenull_
#define _Outptr_opt_result_maybenull_z_
#define _Outptr_opt_result_nullonfailure_
#define _Outptr_opt_result_z_
#define _Outptr_result_maybenull_z_
#define _Outptr_result_z_
#define _Outref_
#define _Outref_result_maybenull_
#define _Outref_result_nullonfailure_
#define _Post_
#define _Post_defensive_
#define _Post_maybenull_
#define _Post_null_
#define _Post_same_lock_kind_
#define _Post_z_
#define _Pre_
#define _Pre_defensive_
#define _Pre_invalid_
#define _Pre_opt_valid_
#define _Pre_opt_z_
#define _Pre_readonly_
#define _Pre_writeonly_
#define _Pre_z_
#define _Prepost_opt_valid_
#define _Prepost_opt_z_
#define _Prepost_valid_
#define _Prepost_z_
#define _Readonly_
#define _Ret_maybenull_z_
#define _Ret_notnull_z_
#define _Ret_null_
#define _Ret_opt_
#define _Ret_valid_
#define _Scanf_format_string_
#define _Scanf_s_format_string_
#define _Writeonly_
#define _Acquires_nonreentrant_lock_(a)
#define _Analysis_assume_lock_acquired_(a)
#define _Analysis_assume_lock_held_(a)
#define _Analysis_assume_lock_not_held_(a)
#define _Analysis_assume_lock_released_(a)
#define _Create_lock_level_(a)
#define _Deref_in_bound_(a)
#define _Deref_out_bound_(a)
#define _Deref_out_cap_(a)
#define _Deref_post_bytecount_(a)
#define _Deref_post_cap_(a)
#define _Deref_post_count_(a)
#define _Deref_pre_bytecount_(a)
#define _Deref_pre_cap_(a)
#define _Deref_pre_count_(a)
#define _Field_size_bytes_full_(a)
#define _Field_size_bytes_full_opt_(a)
#define _Field_size_bytes_opt_(a)
#define _Field_size_full_(a)
#define _Field_size_full_opt_(a)
#define _Function_ignore_lock_checking_(a)
#define _Has_lock_level_(a)
#define _IRQL_limited_to_(a)
#define _In_bytecount_(a)
#define _In_count_(a)
#define _In_function_class_(a)
#define _In_opt_bytecount_(a)
#define _In_opt_count_(a)
#define _In_reads_opt_z_(a)
#define _In_reads_or_z_opt_(a)
#define _In_reads_to_ptr_(a)
#define _In_reads_to_ptr_opt_(a)
#define _In_reads_to_ptr_opt_z_(a)
#define _In_reads_to_ptr_z_(a)
#define _In_reads_z_(a)
#define _In_z_count_(a)
#define _Inout_bytecap_(a)
#define _Inout_cap_(a)
#define _Inout_function_class_(a)
#define _Inout_updates_all_(a)
#define _Inout_updates_all_opt_(a)
#define _Inout_updates_bytes_all_(a)
#define _Inout_updates_bytes_all_opt_(a)
#define _Inout_updates_opt_z_(a)
#define _Inout_updates_z_(a)
#define _Kernel_acquires_resource_(a)
#define _Kernel_clear_do_init_(a)
#define _Kernel_releases_resource_(a)
#define _Kernel_requires_resource_held_(a)
#define _Kernel_requires_resource_not_held_(a)
#define _Old_(a)
#define _Out_bytecap_(a)
#define _Out_cap_(a)
#define _Out_opt_bytecap_(a)
#define _Out_opt_cap_(a)
#define _Out_writes_all_opt_(a)
#define _Out_writes_bytes_all_opt_(a)
#define _Out_writes_opt_z_(a)
#define _Out_writes_to_ptr_(a)
#define _Out_writes_to_ptr_opt_(a)
#define _Out_writes_to_ptr_opt_z_(a)
#define _Out_writes_to_ptr_z_(a)
#define _Out_z_cap_(a)
#define _Outptr_opt_result_buffer_(a)
#define _Outptr_opt_result_buffer_maybenull_(a)
#define _Outptr_opt_result_bytebuffer_(a)
#define _Outptr_opt_result_bytebuffer_maybenull_(a)
#define _Outptr_result_buffer_maybenull_(a)
#define _Outptr_result_bytebuffer_maybenull_(a)
#define _Outref_result_buffer_(a)
#define _Outref_result_buffer_all_(a)
#define _Outref_result_buffer_maybenull_(a)
#define _Outref_result_bytebuffer_(a)
#define _Outref_result_bytebuffer_all_(a)
#define _Outref_result_bytebuffer_maybenull_(a)
#define _Param_(a)
#define _Post_bytecap_(a)
#define _Post_bytecount_(a)
#define _Post_cap_(a)
#define _Post_count_(a)
#define _Post_equal_to_(a)
#define _Post_readable_byte_size_(a)
#define _Post_readable_size_(a)
#define _Post_writable_size_(a)
#define _Pre_bytecap_(a)
#define _Pre_bytecount_(a)
#define _Pre_cap_(a)
#define _Pre_count_(a)
#define _Pre_equal_to_(a)
#define _Pre_opt_bytecap_(a)
#define _Pre_opt_cap_(a)
#define _Pre_readable_byte_size_(a)
#define _Pre_readable_size_(a)
#define _Pre_writable_byte_size_(a)
#define _Pre_writable_size_(a)
#define _Readable_bytes_(a)
#define _Readable_elements_(a)
#define _Releases_nonreentrant_lock_(a)
#define _Requires_exclusive_lock_held_(a)
#define _Requires_no_lock_held_(a)
#define _Requires_shared_lock_held_(a)
#define _Ret_bytecap_(a)
#define _Ret_bytecount_(a)
#define _Ret_cap_(a)
#define _Ret_count_(a)
#define _Ret_writes_(a)
#define _Ret_writes_bytes_maybenull_(a)
#define _Ret_writes_maybenull_(a)
#define _Ret_writes_maybenull_z_(a)
#define _Ret_writes_z_(a)
#define _Satisfies_(a)
#define _Struct_size_(a)
#define _Unchanged_(a)
#define _Writable_bytes_(a)
#define _Writable_elements_(a)
#define _Write_guarded_by_(a)
#define _Deref_in_range_(a, b)
#define _Deref_inout_range_(a, b)
#define _Deref_out_range_(a, b)
#define _Deref_ret_range_(a, b)
#define _Field_size_bytes_part_(a, b)
#define _Field_size_bytes_part_opt_(a, b)
#define _Field_size_part_(a, b)
#define _Field_size_part_opt_(a, b)
#define _Inout_range_(a, b)
#define _Inout_updates_bytes_to_opt_(a, b)
#define _Inout_updates_to_(a, b)
#define _Inout_updates_to_opt_(a, b)
#define _Lock_level_order_(a, b)
#define _Out_bytecap_post_bytecount_(a, b)
#define _Out_cap_post_count_(a, b)
#define _Out_writes_to_opt_(a, b)
#define _Out_z_cap_post_count_(a, b)
#define _Outptr_opt_result_buffer_to_(a, b)
#define _Outptr_opt_result_bytebuffer_to_(a, b)
#define _Outptr_result_buffer_to_(a, b)
#define _Outptr_result_buffer_to_maybenull_(a, b)
#define _Outptr_result_bytebuffer_to_(a, b)
#define _Outptr_result_bytebuffer_to_maybenull_(a, b)
#define _Outref_result_buffer_to_(a, b)
#define _Outref_result_bytebuffer_to_(a, b)
#define _Post_satisfies_range_(a, b)
#define _Requires_lock_level_(a, b)
#define _Ret_writes_bytes_to_(a, b)
#define _Ret_writes_bytes_to_maybenull_(a, b)
#define _Ret_writes_to_(a, b)
#define _Ret_writes_to_maybenull_(a, b)
#define _Satisfies_range_(a, b)
#define _At_buffer_(a, i, n, e)

#endif
