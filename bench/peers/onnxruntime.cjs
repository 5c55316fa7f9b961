// A net in ONNX Runtime (npm: onnxruntime-node), driven over stdin and stdout as peers/pytorch.py says; `prepare` has one word more, the
// folder with net.onnx and the inputs, NAME.f32, in which the shapes' open first size is the batch.
'use strict';

const fs = require('fs');
const path = require('path');

let session, feeds, results;

async function prepare(net, width, task, batch, threads, folder) {
  const ort = require('onnxruntime-node');
  if (task !== 'forward') throw new Error('it does not train');
  session = await ort.InferenceSession.create(path.join(folder, 'net.onnx'), {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    intraOpNumThreads: Number(threads),
    interOpNumThreads: 1,
    enableCpuMemArena: true,
    enableMemPattern: true,
  });
  feeds = {};
  for (const { name, shape } of session.inputMetadata) {
    const bytes = fs.readFileSync(path.join(folder, name + '.f32'));
    const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
    feeds[name] = new ort.Tensor('float32', values, [Number(batch), ...shape.slice(1)]);
  }
  return `ready onnxruntime ${ort.env.versions.node}\n`;
}

async function run() {
  const start = process.hrtime.bigint();
  results = await session.run(feeds);
  return `${Number(process.hrtime.bigint() - start) / 1e6}\n`;
}

function output() {
  const all = session.outputNames.map((name) => Buffer.from(results[name].data.buffer, results[name].data.byteOffset, results[name].data.byteLength));
  const bytes = Buffer.concat(all);
  return Buffer.concat([Buffer.from(`${bytes.length / 4}\n`), bytes]);
}

async function main() {
  for await (const line of require('readline').createInterface({ input: process.stdin })) {
    const [command, ...words] = line.split(' ');
    const answer = command === 'prepare' ? await prepare(...words) : command === 'run' ? await run() : output();
    fs.writeSync(1, answer);
  }
}

main().catch((failure) => fs.writeSync(1, `error ${String(failure.message).replace(/\s*\n[\s\S]*/, '')}\n`));
