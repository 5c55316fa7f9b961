"""The reference nets in PyTorch, driven by viseme-bench over stdin and stdout.

    pytorch.py [traced] [compiled] [channels_last] [bf16] [cuda]
        settings: frozen TorchScript, torch.compile(mode='max-autotune'), NHWC memory, the whole net in bfloat16 (training: autocast), on the GPU,
        where inputs and outputs stay; none: eager

    prepare NET WIDTH TASK BATCH THREADS    -> "ready pytorch VERSION": weights and inputs in memory, nothing run yet
    run                                     -> milliseconds of one forward pass or training step
    output                                  -> a line with a count, then that many float32 of the last run

A failure is answered "error WHY". Weights and inputs follow from their names (tests/reference/make_golden.py).
"""
import os
import sys
import time
import warnings

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'tests', 'reference'))
SALT = 'public'


class Forward:
    def __init__(self, net, inputs, settings):
        self.type = torch.bfloat16 if 'bf16' in settings else torch.float32
        self.format = memory_format(settings)
        self.device = place(settings)
        self.net = net.eval().to(self.device, self.type, memory_format=self.format)
        self.inputs = inputs if self.device == 'cpu' else tuple(x.to(self.device, self.type, memory_format=self.format) for x in inputs)
        if 'compiled' in settings:
            self.net = torch.compile(self.net, mode='max-autotune')
        if 'traced' in settings:
            with torch.no_grad():
                warnings.simplefilter('ignore', torch.jit.TracerWarning)  # sizes become constants: each trace is for one batch
                self.net = torch.jit.freeze(torch.jit.trace(self.net, self.converted(), check_trace=False))
                if 'channels_last' not in settings:
                    self.net = torch.jit.optimize_for_inference(self.net)  # oneDNN's own blocked layout

    def converted(self):
        return tuple(x.to(self.type, memory_format=self.format) for x in self.inputs)

    def run(self):
        with torch.no_grad():
            out = self.net(*self.converted())
        self.out = out if isinstance(out, tuple) else (out,)
        if self.device == 'cpu':
            self.out = self.host_outputs()
        else:
            torch.cuda.synchronize()

    def host_outputs(self):
        return [o.to('cpu', torch.float32).contiguous() for o in self.out]

    def output(self):
        return torch.cat([o.flatten() for o in self.host_outputs()])


def distance_to_face(outputs, target):
    return torch.nn.functional.l1_loss(outputs[0], target)


def synchrony(outputs, in_sync):
    cosine = torch.nn.functional.cosine_similarity(*outputs)
    return torch.nn.functional.binary_cross_entropy((1 + cosine) / 2, in_sync)


class TrainingStep:
    """Forward, loss, backward, Adam, gradients cleared."""

    def __init__(self, net, inputs, loss, target, settings):
        self.loss_of = loss
        self.format, self.device, self.half = memory_format(settings), place(settings), 'bf16' in settings
        self.net = net.train().to(self.device, memory_format=self.format)
        self.adam = torch.optim.Adam(self.net.parameters(), lr=1e-3)
        if 'compiled' in settings:
            self.net = torch.compile(self.net, mode='max-autotune')
        self.inputs, self.target = [x.to(self.device) for x in inputs], target.to(self.device)

    def run(self):
        with torch.autocast(self.device, torch.bfloat16, enabled=self.half):
            out = self.net(*(x.to(memory_format=self.format) for x in self.inputs))
        out = [o.float() for o in (out if isinstance(out, tuple) else (out,))]
        loss = self.loss_of(out, self.target)
        loss.backward()
        self.adam.step()
        self.adam.zero_grad(set_to_none=True)
        self.loss, self.out = loss.item(), [o.detach() for o in out]

    def output(self):
        return torch.cat([o.cpu().flatten() for o in self.out])


def place(settings):
    return 'cuda' if 'cuda' in settings else 'cpu'


def memory_format(settings):
    return torch.channels_last if 'channels_last' in settings else torch.contiguous_format


def one_convolution(block):
    """A MobileOne block without its branches, which are linear up to their norms."""
    like = block.rbr_conv[0].conv
    conv = torch.nn.Conv2d(like.in_channels, like.out_channels, like.kernel_size, like.stride, like.padding, groups=like.groups)
    identity = torch.nn.init.dirac_(torch.empty_like(like.weight), like.groups)
    parts = [(b.conv.weight, b.bn) for b in (*block.rbr_conv, block.rbr_scale) if b is not None]
    if block.rbr_skip is not None:
        parts.append((identity, block.rbr_skip))
    weight, bias = 0, 0
    for kernel, norm in parts:
        w, b = torch.nn.utils.fusion.fuse_conv_bn_weights(kernel, None, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias)
        weight = weight + torch.nn.functional.pad(w, [(conv.kernel_size[0] - w.shape[-1]) // 2] * 4)
        bias = bias + b
    conv.weight.copy_(weight)
    conv.bias.copy_(bias)
    return conv if block.linear else torch.nn.Sequential(conv, torch.nn.ReLU())


def fold_branches(module):
    for name, child in module.named_children():
        if isinstance(child, nets.MobileOne):
            setattr(module, name, one_convolution(child))
        else:
            fold_branches(child)


def prepare(net, width, task, batch, threads):
    torch.set_num_threads(int(threads))
    settings = sys.argv[1:]
    n = int(batch)
    make, shapes = {
        'unet': (lambda: nets.UNet('ave', nets.MOBILE if width == 'mobile' else nets.WIDE), {'image': (6, 320, 320), 'audio': (32, 16, 16)}),
        'syncnet': (lambda: nets.SyncNet('ave'), {'face': (3, 320, 320), 'audio': (32, 16, 16)}),
        'audio_encoder': (nets.AudioEncoder, {'mel': (1, 80, 16)}),
        'pfld': (nets.PFLD, {'face': (3, 192, 192)}),
    }[net]
    with torch.no_grad():
        module = make_golden.fill(make(), SALT, 1 / 8 if net == 'pfld' else 1).float()
        inputs = [make_golden.make_input(SALT, name, n, *shape).float() for name, shape in shapes.items()]
        fold_branches(module)
        if task == 'forward':
            return Forward(module, inputs, settings)
        if net == 'syncnet':
            loss, target = synchrony, (torch.arange(n) % 2 == 0).float()
        else:
            loss, target = distance_to_face, make_golden.make_input(SALT, 'face', n, 3, 320, 320).float()
    return TrainingStep(module, inputs, loss, target, settings)


def give_freed_memory_back():
    import ctypes
    import gc
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError):
        pass


def main():
    say = sys.stdout.buffer
    case = None
    for line in sys.stdin:
        command, *words = line.split()
        if command == 'prepare':
            case = prepare(*words)
            give_freed_memory_back()
            say.write(f'ready pytorch {torch.__version__}\n'.encode())
        elif command == 'run':
            start = time.perf_counter()
            case.run()
            say.write(f'{(time.perf_counter() - start) * 1e3}\n'.encode())
        elif command == 'output':
            values = case.output().numpy()
            say.write(f'{values.size}\n'.encode() + values.tobytes())
        say.flush()


if __name__ == '__main__':
    try:
        import torch
        import make_golden
        import nets
        main()
    except Exception as failure:
        print('error', str(failure).replace('\n', ' '), flush=True)
