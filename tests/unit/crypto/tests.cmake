# SPDX-License-Identifier: Apache-2.0
qwave_wrap(crypto hash EVP_MD_CTX_new EVP_DigestInit_ex EVP_DigestUpdate EVP_DigestFinal_ex
    EVP_MAC_fetch EVP_MAC_CTX_new EVP_MAC_init EVP_MAC_update EVP_MAC_final)
qwave_wrap(crypto aead qw_random_bytes qw_secret_new EVP_CIPHER_CTX_new EVP_CipherInit_ex
    EVP_CipherUpdate EVP_CipherFinal_ex EVP_CIPHER_CTX_ctrl gcry_cipher_open gcry_cipher_setkey
    gcry_cipher_setiv gcry_cipher_authenticate gcry_cipher_encrypt gcry_cipher_decrypt
    gcry_cipher_gettag gcry_cipher_checktag)

# These read further vectors, which are JSON.
foreach(file hash aead zuc)
    target_link_libraries(crypto_${file}_test PRIVATE PkgConfig::CJSON)
endforeach()
qwave_wrap(crypto poly_hash qw_poly_hash_has_pclmul qw_poly_hash_has_vpclmul)
qwave_wrap(crypto password_key EVP_KDF_fetch EVP_KDF_CTX_new EVP_KDF_derive)
qwave_wrap(crypto key_source_device calloc qw_secret_new read fstat)
qwave_wrap(crypto key_source qw_key_source_device)
qwave_wrap(crypto random getrandom)
if(IPSEC_MB_LIBRARY)
    qwave_wrap(crypto zuc calloc alloc_mb_mgr imb_get_errno zuc_eea3_iv_gen
        zuc_eia3_iv_gen)
endif()
qwave_wrap(crypto custody_passphrase_file calloc qw_random_bytes qw_password_key)
qwave_wrap(crypto custody_tpm2 calloc qw_secret_new qw_random_bytes qw_hash_of Esys_TR_GetName
    Esys_TRSess_SetAttributes Esys_PCR_Extend Esys_PolicyOR Esys_Unseal)
qwave_wrap(crypto measurement malloc read)
qwave_wrap(crypto selftest qw_hash_of qw_hmac qw_hkdf qw_aead_backend qw_poly_hash_final
    qw_one_time_mac qw_scrypt qw_zuc_eea3 qw_zuc_eia3 qw_zuc_is_available
    qw_poly_hash_has_pclmul qw_poly_hash_blocks_pclmul qw_hex_decode qw_zuc_new
    qw_one_time_mac_verify)
qwave_wrap(crypto ipsec_prf EVP_KDF_fetch EVP_KDF_CTX_new EVP_KDF_derive EVP_Q_mac)
qwave_wrap(crypto ike_open EVP_CIPHER_CTX_new EVP_DecryptInit_ex EVP_DecryptUpdate qw_ipsec_prf_apply)
qwave_wrap(crypto esp_open calloc EVP_CIPHER_CTX_new EVP_DecryptInit_ex)
qwave_wrap(crypto shamir qw_secret_new qw_random_bytes)
qwave_wrap(crypto share qw_secret_new qw_random_bytes qw_hmac)
qwave_wrap(crypto share_file qw_secret_new qw_random_bytes qw_password_key)
qwave_wrap(crypto custody_quorum qw_secret_new qw_random_bytes)

# A token that is softhsm2, and softhsm2 behind a module that fails on demand.
qwave_wrap(crypto custody_pkcs11 calloc qw_random_bytes)
add_library(qwave_pkcs11_shim MODULE support/pkcs11_shim.c)
set_target_properties(qwave_pkcs11_shim PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/preload")
target_include_directories(qwave_pkcs11_shim SYSTEM PRIVATE ${P11KIT_INCLUDE_DIRS})
target_link_libraries(qwave_pkcs11_shim PRIVATE ${CMAKE_DL_LIBS})
target_include_directories(crypto_custody_pkcs11_test SYSTEM PRIVATE ${P11KIT_INCLUDE_DIRS})
target_compile_definitions(crypto_custody_pkcs11_test PRIVATE PKCS11_SHIM="$<TARGET_FILE:qwave_pkcs11_shim>")
target_compile_definitions(crypto_pkcs11_object_test PRIVATE PKCS11_SHIM="$<TARGET_FILE:qwave_pkcs11_shim>")
add_dependencies(crypto_custody_pkcs11_test qwave_pkcs11_shim)
add_dependencies(crypto_pkcs11_object_test qwave_pkcs11_shim)
qwave_wrap(crypto sm2_encryption EVP_PKEY_CTX_new EVP_PKEY_encrypt_init EVP_PKEY_encrypt
    EVP_PKEY_decrypt_init)
qwave_wrap(crypto recipient qw_random_bytes)
