# SPDX-License-Identifier: Apache-2.0
qwave_wrap(crypto hash EVP_MD_CTX_new EVP_DigestInit_ex EVP_DigestUpdate EVP_DigestFinal_ex
    EVP_MAC_fetch EVP_MAC_CTX_new EVP_MAC_init EVP_MAC_update EVP_MAC_final)
qwave_wrap(crypto aead qw_random_bytes qw_secret_new EVP_CIPHER_CTX_new EVP_CipherInit_ex
    EVP_CipherUpdate EVP_CipherFinal_ex EVP_CIPHER_CTX_ctrl gcry_cipher_open gcry_cipher_setkey
    gcry_cipher_setiv gcry_cipher_authenticate gcry_cipher_encrypt gcry_cipher_decrypt
    gcry_cipher_gettag gcry_cipher_checktag)

# These read further vectors, which are JSON.
foreach(file hash aead)
    target_link_libraries(crypto_${file}_test PRIVATE PkgConfig::CJSON)
endforeach()
qwave_wrap(crypto poly_hash qw_poly_hash_has_pclmul)
qwave_wrap(crypto password_key EVP_KDF_fetch EVP_KDF_CTX_new EVP_KDF_derive)
