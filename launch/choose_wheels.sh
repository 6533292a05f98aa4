# For launch/setup.sh: whether libtorch is to compute on GPUs (`cuda` is auto, on or off), and the wheels it then needs.

# The wheel is a CUDA build that asks for every CUDA library and for Python packages of no use here. Its libtorch_cpu.so
# needs two of them, its libtorch_cuda.so all; most of these a CUDA toolkit has already.
torch=torch==2.11.0
torch_cuda=13
cpu_wheels=(nvidia-cuda-cupti==13.0.85 nvidia-cuda-runtime==13.0.96)
cuda_wheels=(nvidia-cusparselt-cu13==0.8.0 nvidia-nvshmem-cu13==3.4.5 nvidia-cufile==1.15.1.6)
toolkit_libraries=(libcublas.so.13 libcublasLt.so.13 libcudnn.so.9 libcufft.so.12 libcurand.so.10 libcusolver.so.12
  libcusparse.so.12 libnvJitLink.so.13 libnvrtc.so.13 libnccl.so.2)

# Prints the folder of the CUDA toolkit, if there is one.
toolkit_folder() {
  local nvcc
  for nvcc in "${CUDA_HOME:-}/bin/nvcc" "$(command -v nvcc)" /usr/local/cuda/bin/nvcc; do
    [ ! -x "$nvcc" ] || { dirname "$(dirname "$(readlink -f "$nvcc")")"; return; }
  done
}

# Whether the toolkit or the system has this shared library.
has_library() {
  compgen -G "$toolkit/lib*/$1" >/dev/null || compgen -G "$toolkit/targets/*/lib/$1" >/dev/null ||
    (PATH=$PATH:/sbin ldconfig -p | grep "^\s*$1 " >/dev/null)
}

# Sets with_cuda and toolkit, and says why.
choose_cuda() {
  with_cuda=0
  toolkit=$(toolkit_folder)
  if [ "$cuda" = off ]; then
    say "CUDA: off (--cuda off)"
  elif [ -z "$toolkit" ]; then
    [ "$cuda" = auto ] || fail "--cuda on needs the CUDA toolkit: no nvcc in \$CUDA_HOME/bin, PATH or /usr/local/cuda/bin"
    say "CUDA: off, no nvcc here"
  elif [ "$cuda" = auto ] && ! has_library libnccl.so.2; then
    say "CUDA: off, $toolkit has no NCCL (--cuda on downloads it with libtorch)"
  else
    with_cuda=1
    say "CUDA: on, $toolkit"
  fi
}

# Prints the wheels that libtorch needs: a list to be taken alone, or torch by itself to be taken with all it asks for.
choose_wheels() {
  local library
  # With a toolkit of another CUDA version this torch serves the CPU alone, which CMake will say.
  if [ $with_cuda = 0 ] || ! has_library "libcudart.so.$torch_cuda"; then
    echo "$torch ${cpu_wheels[*]}"
    return
  fi
  for library in "${toolkit_libraries[@]}"; do
    has_library "$library" || { echo "$torch"; return; }
  done
  echo "$torch ${cpu_wheels[*]} ${cuda_wheels[*]}"
}
