//! The machine code that a Vulkan driver makes of a kernel, and what the driver says about it.
//!
//! This needs a driver with `VK_KHR_pipeline_executable_properties`. Mesa's has it.

use std::collections::BTreeMap;
use std::ffi::CStr;

use ash::{Device, Entry, Instance, khr, vk};
use serde::{Deserialize, Serialize};

use super::shader::Spirv;

/// A kernel, compiled.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Executable {
    /// Invocations that run in step.
    pub subgroup: u32,
    /// What the driver counted, under its own names.
    pub statistics: BTreeMap<String, u64>,
    /// The machine code as text.
    pub assembly: String,
}

/// A device of the first driver that the Vulkan loader finds, set up as wgpu would for burn.
pub struct Driver {
    /// As the driver calls it.
    pub gpu: String,
    device: Device,
    executables: khr::pipeline_executable_properties::Device,
    instance: Instance,
    /// The loaded library must outlive all that came out of it.
    _entry: Entry,
}

type Result<T, E = String> = std::result::Result<T, E>;

impl Driver {
    pub fn open() -> Result<Self> {
        // SAFETY: the loader is a proper Vulkan library, and every handle below is used while its parent lives.
        unsafe {
            let entry = Entry::load().map_err(|e| format!("no Vulkan loader: {e}"))?;
            let application = vk::ApplicationInfo::default().api_version(vk::API_VERSION_1_3);
            let info = vk::InstanceCreateInfo::default().application_info(&application);
            let instance = entry.create_instance(&info, None).map_err(|e| format!("vkCreateInstance: {e}"))?;
            match open_device(&instance) {
                Ok((gpu, device)) => {
                    let executables = khr::pipeline_executable_properties::Device::new(&instance, &device);
                    Ok(Self { gpu, device, executables, instance, _entry: entry })
                }
                Err(e) => {
                    instance.destroy_instance(None);
                    Err(e)
                }
            }
        }
    }

    pub fn compile(&self, kernel: &Spirv) -> Result<Executable> {
        let device = &self.device;
        // SAFETY: naga validated the module; the handles are destroyed once, after their last use. What an early
        // return leaves behind goes with the process.
        unsafe {
            let info = vk::ShaderModuleCreateInfo::default().code(&kernel.words);
            let module = device.create_shader_module(&info, None).map_err(|e| format!("vkCreateShaderModule: {e}"))?;
            let (sets, layout) = self.layout(kernel)?;
            let pipeline = self.pipeline(module, layout)?;
            let executable = self.executable(pipeline);
            device.destroy_pipeline(pipeline, None);
            device.destroy_pipeline_layout(layout, None);
            device.destroy_descriptor_set_layout(sets, None);
            device.destroy_shader_module(module, None);
            executable
        }
    }

    unsafe fn layout(&self, kernel: &Spirv) -> Result<(vk::DescriptorSetLayout, vk::PipelineLayout)> {
        let bindings: Vec<_> = kernel
            .bindings
            .iter()
            .map(|binding| {
                let kind = match binding.uniform {
                    true => vk::DescriptorType::UNIFORM_BUFFER,
                    false => vk::DescriptorType::STORAGE_BUFFER,
                };
                vk::DescriptorSetLayoutBinding::default()
                    .binding(binding.number)
                    .descriptor_type(kind)
                    .descriptor_count(1)
                    .stage_flags(vk::ShaderStageFlags::COMPUTE)
            })
            .collect();
        let info = vk::DescriptorSetLayoutCreateInfo::default().bindings(&bindings);
        // SAFETY: the caller's.
        unsafe {
            let sets = self.device.create_descriptor_set_layout(&info, None);
            let sets = [sets.map_err(|e| format!("vkCreateDescriptorSetLayout: {e}"))?];
            let info = vk::PipelineLayoutCreateInfo::default().set_layouts(&sets);
            let layout = self.device.create_pipeline_layout(&info, None);
            Ok((sets[0], layout.map_err(|e| format!("vkCreatePipelineLayout: {e}"))?))
        }
    }

    unsafe fn pipeline(&self, module: vk::ShaderModule, layout: vk::PipelineLayout) -> Result<vk::Pipeline> {
        let stage = vk::PipelineShaderStageCreateInfo::default()
            // As wgpu does wherever a device has subgroups.
            .flags(vk::PipelineShaderStageCreateFlags::ALLOW_VARYING_SUBGROUP_SIZE)
            .stage(vk::ShaderStageFlags::COMPUTE)
            .module(module)
            .name(c"main");
        let info = vk::ComputePipelineCreateInfo::default()
            .flags(
                vk::PipelineCreateFlags::CAPTURE_STATISTICS_KHR
                    | vk::PipelineCreateFlags::CAPTURE_INTERNAL_REPRESENTATIONS_KHR,
            )
            .stage(stage)
            .layout(layout);
        // SAFETY: the caller's.
        let pipelines = unsafe { self.device.create_compute_pipelines(vk::PipelineCache::null(), &[info], None) };
        pipelines.map(|pipelines| pipelines[0]).map_err(|(_, e)| format!("vkCreateComputePipelines: {e}"))
    }

    unsafe fn executable(&self, pipeline: vk::Pipeline) -> Result<Executable> {
        let info = vk::PipelineInfoKHR::default().pipeline(pipeline);
        // SAFETY: the caller's.
        unsafe {
            let properties = self.executables.get_pipeline_executable_properties(&info);
            let properties = properties.map_err(|e| format!("vkGetPipelineExecutableProperties: {e}"))?;
            let [properties] = properties.as_slice() else {
                return Err(format!("{} executables for one kernel", properties.len()));
            };
            // The only one.
            let info = vk::PipelineExecutableInfoKHR::default().pipeline(pipeline).executable_index(0);
            let statistics = self.executables.get_pipeline_executable_statistics(&info);
            let statistics = statistics.map_err(|e| format!("vkGetPipelineExecutableStatistics: {e}"))?;
            Ok(Executable {
                subgroup: properties.subgroup_size,
                statistics: statistics
                    .iter()
                    .filter_map(|each| Some((text(each.name_as_c_str())?, count(each))))
                    .collect(),
                assembly: self.assembly(&info)?,
            })
        }
    }

    unsafe fn assembly(&self, info: &vk::PipelineExecutableInfoKHR) -> Result<String> {
        let failed = |e| format!("vkGetPipelineExecutableInternalRepresentations: {e}");
        // SAFETY: the caller's; each text gets as many bytes as the first call says that it has.
        unsafe {
            let forms = self.executables.get_pipeline_executable_internal_representations(info).map_err(failed)?;
            let mut texts: Vec<Vec<u8>> = forms.iter().map(|form| vec![0; form.data_size]).collect();
            let mut forms: Vec<_> = texts
                .iter_mut()
                .map(|text| vk::PipelineExecutableInternalRepresentationKHR::default().data(text))
                .collect();
            let mut count = forms.len() as u32;
            let read = self.executables.fp().get_pipeline_executable_internal_representations_khr;
            read(self.device.handle(), info, &mut count, forms.as_mut_ptr()).result().map_err(failed)?;
            let names: Vec<_> = forms.iter().map(|form| text(form.name_as_c_str()).unwrap_or_default()).collect();
            let place = names.iter().position(|name| name == "Assembly");
            let place = place.ok_or_else(|| format!("no assembly among {names:?}"))?;
            let bytes = CStr::from_bytes_until_nul(&texts[place]).map_or(texts[place].as_slice(), CStr::to_bytes);
            Ok(String::from_utf8_lossy(bytes).into_owned())
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // SAFETY: nothing made from either is left.
        unsafe {
            self.device.destroy_device(None);
            self.instance.destroy_instance(None);
        }
    }
}

/// With the features that wgpu turns on for burn, as far as they may change a kernel's code.
unsafe fn open_device(instance: &Instance) -> Result<(String, Device)> {
    // SAFETY: the caller's.
    unsafe {
        let found = instance.enumerate_physical_devices().map_err(|e| format!("vkEnumeratePhysicalDevices: {e}"))?;
        let physical = *found.first().ok_or("the driver has no device")?;
        let properties = instance.get_physical_device_properties(physical);
        let gpu = text(properties.device_name_as_c_str()).unwrap_or_default();
        let core = vk::PhysicalDeviceFeatures::default()
            .robust_buffer_access(true)
            .shader_float64(true)
            .shader_int64(true)
            .shader_int16(true);
        let mut storage16 = vk::PhysicalDevice16BitStorageFeatures::default()
            .storage_buffer16_bit_access(true)
            .uniform_and_storage_buffer16_bit_access(true);
        let mut small = vk::PhysicalDeviceShaderFloat16Int8Features::default().shader_float16(true).shader_int8(true);
        let mut dot = vk::PhysicalDeviceShaderIntegerDotProductFeatures::default().shader_integer_dot_product(true);
        let mut subgroups = vk::PhysicalDeviceSubgroupSizeControlFeatures::default().subgroup_size_control(true);
        let mut robust = vk::PhysicalDeviceRobustness2FeaturesEXT::default().robust_buffer_access2(true);
        let mut executable =
            vk::PhysicalDevicePipelineExecutablePropertiesFeaturesKHR::default().pipeline_executable_info(true);
        let extensions = [khr::pipeline_executable_properties::NAME.as_ptr(), ash::ext::robustness2::NAME.as_ptr()];
        let queues = [vk::DeviceQueueCreateInfo::default().queue_family_index(0).queue_priorities(&[1.0])];
        let info = vk::DeviceCreateInfo::default()
            .queue_create_infos(&queues)
            .enabled_extension_names(&extensions)
            .enabled_features(&core)
            .push_next(&mut storage16)
            .push_next(&mut small)
            .push_next(&mut dot)
            .push_next(&mut subgroups)
            .push_next(&mut robust)
            .push_next(&mut executable);
        let device = instance.create_device(physical, &info, None).map_err(|e| format!("vkCreateDevice: {e}"))?;
        Ok((gpu, device))
    }
}

fn text<E>(name: Result<&CStr, E>) -> Option<String> {
    name.ok().map(|name| name.to_string_lossy().into_owned())
}

/// Everything that RADV counts is a whole number.
unsafe fn count(statistic: &vk::PipelineExecutableStatisticKHR) -> u64 {
    // SAFETY: the format says which member was written.
    unsafe {
        match statistic.format {
            vk::PipelineExecutableStatisticFormatKHR::BOOL32 => statistic.value.b32.into(),
            vk::PipelineExecutableStatisticFormatKHR::INT64 => statistic.value.i64.max(0) as u64,
            vk::PipelineExecutableStatisticFormatKHR::FLOAT64 => statistic.value.f64.round() as u64,
            _ => statistic.value.u64,
        }
    }
}
