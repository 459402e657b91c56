# SPDX-License-Identifier: Apache-2.0
qwave_wrap(terminal card_fault write fsync rename mkostemp qw_secret_new calloc strdup qw_random_bytes)
qwave_wrap(terminal card_destroy write fsync rename unlink)

# A card on a token that is softhsm2, behind a module that fails on demand.
qwave_wrap(terminal card_place_token calloc qw_secret_new qw_random_bytes)
foreach(test card_place_token card_token_record)
    target_compile_definitions(terminal_${test}_test PRIVATE PKCS11_SHIM="$<TARGET_FILE:qwave_pkcs11_shim>")
    add_dependencies(terminal_${test}_test qwave_pkcs11_shim)
endforeach()

qwave_wrap(terminal card_closed qw_secret_new qw_card_pcsc_reader)
qwave_wrap(terminal card_token qw_pkcs11_open qw_pkcs11_close qw_pkcs11_serial qw_pkcs11_find qw_pkcs11_data_read qw_pkcs11_destroy)
