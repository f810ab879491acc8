const { createShaderModule } = globalThis.GPUDevice.prototype;

GPUDevice.prototype.createShaderModule = function (shader) {
  return createShaderModule.call(this, { ...shader, code: shader.code.replaceAll("inverseSqrt(", "sqrt(") });
};
