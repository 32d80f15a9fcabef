"""TensorBoard's event files: their bytes, read and written by hand.

Neither TensorBoard nor protobuf is needed. `logger.reading` makes logs of the decoded records. May
import `os_files` of the logger.
"""
