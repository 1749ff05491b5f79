# SPDX-License-Identifier: MIT
"""gdb commands for the kernel's own objects; `make debug` loads this file.

    exo log     the lines that the kernel has logged
"""
